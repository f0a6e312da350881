using System.Text;
using Ledger.Cli.Client;
using Ledger.Cli.Shell;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Cli.Commands;

/// <summary>Proofs and the genesis as files: how commands fetch, write, read and judge them.</summary>
internal static class ProofFiles
{
    /// <summary>MessagePack when the name says so, JSON otherwise.</summary>
    public static void Write(string path, Proof proof)
        => OutputFile.Write(path, path.EndsWith(".msgpack", StringComparison.Ordinal)
            ? ProofFile.EncodeMessagePack(proof)
            : ProofFile.EncodeJson(proof));

    /// <summary>A file that is no proof at all proves nothing: exit 4, like a forgery.</summary>
    public static T Read<T>(string path, string kind)
        where T : Proof
    {
        if (!ProofFile.TryDecode(ReadBounded(path), out var proof, out var fault))
        {
            throw Forged(path, fault);
        }

        return proof as T ?? throw Forged(path, $"it is a valid {KindOf(proof)} and not {kind}");
    }

    public static Genesis ReadGenesis(string path)
        => GenesisFile.Parse(Encoding.UTF8.GetString(TryReadBounded(path, GenesisFile.BytesMax)
            ?? throw new GenesisException([$"{path} is longer than {GenesisFile.BytesMax} bytes"])));

    public static CliException Forged(string path, string fault) => new(
        $"{path} proves nothing: {fault}",
        "ask whoever gave it to you for the right one, or a node for a new one",
        ExitCode.VerificationFailed);

    /// <summary>A node's answer is checked as if a stranger had sent it.</summary>
    public static async Task<T> FetchAsync<T>(
        NodeClient client, string path, CancellationToken cancellationToken)
        where T : Proof
    {
        var bytes = await client.GetBytesAsync(path, cancellationToken);
        return ProofFile.TryDecode(bytes, out var proof, out var fault) && proof is T expected
            ? expected
            : throw Forged(client.Current.ToString(), fault ?? "it answered with another kind of proof");
    }

    private static byte[] ReadBounded(string path)
        => TryReadBounded(path, ProofFile.BytesMax)
            ?? throw Forged(path, $"it is longer than {ProofFile.BytesMax} bytes");

    private static byte[]? TryReadBounded(string path, int bytesMax)
        => Directory.Exists(path)
            ? throw new CliException($"{path} is a folder", "name a file")
            : BoundedFile.Read(path, bytesMax);

    private static string KindOf(Proof proof) => proof switch
    {
        ReceiptProof => "receipt",
        HeadersProof => "list of headers",
        _ => "proof of another kind",
    };
}
