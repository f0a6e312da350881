using System.Buffers.Binary;
using System.ComponentModel;
using System.Diagnostics;

namespace Ledger.Core.Tests.Proofs;

/// <summary>
/// The verifier in another language, one process for many proofs: what the two say of the same bytes must
/// agree.
/// </summary>
internal sealed class SecondVerifier : IDisposable
{
    private readonly string _genesis = Path.GetTempFileName();
    private readonly Process _process;

    private SecondVerifier(Genesis genesis)
    {
        File.WriteAllText(_genesis, GenesisFile.Write(genesis));
        _process = Process.Start(new ProcessStartInfo("node", [Script(), "--genesis", _genesis, "--batch"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
    }

    /// <summary>Null where Node.js is not installed: the tests of our own verifier need it not.</summary>
    public static SecondVerifier? Start(Genesis genesis)
    {
        try
        {
            return new(genesis);
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    /// <returns>One verdict for each proof, "ok: ..." or "refused: ...".</returns>
    public IReadOnlyList<string> Verify(IReadOnlyList<byte[]> proofs)
    {
        var writing = Task.Run(() =>
        {
            var input = _process.StandardInput.BaseStream;
            var length = new byte[sizeof(uint)];
            foreach (var proof in proofs)
            {
                BinaryPrimitives.WriteUInt32BigEndian(length, (uint)proof.Length);
                input.Write(length);
                input.Write(proof);
            }

            input.Flush();
        });
        var verdicts = new string[proofs.Count];
        for (var i = 0; i < verdicts.Length; i++)
        {
            verdicts[i] = _process.StandardOutput.ReadLine()
                ?? throw new InvalidOperationException("The second verifier ended before its last verdict.");
        }

        writing.GetAwaiter().GetResult();
        return verdicts;
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
        File.Delete(_genesis);
    }

    private static string Script()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(
            folder))
        {
            var script = Path.Combine(folder, "examples", "verify-receipt.mjs");
            if (File.Exists(script))
            {
                return script;
            }
        }

        throw new FileNotFoundException("examples/verify-receipt.mjs is not above the tests.");
    }
}
