using System.Diagnostics;
using Ledger.Core;

namespace Ledger.EndToEnd.Harness;

/// <summary>
/// Receipts as a stranger checks them: by our verifier and by the second, independent one, with nothing but
/// the genesis.
/// </summary>
internal static class Receipts
{
    public static async Task HoldAsync(
        TestNode from, string genesisPath, params IEnumerable<Transaction> transactions)
    {
        foreach (var transaction in transactions)
        {
            var file = Path.Combine(from.Home, $"{transaction.Hash}.receipt.json");
            var (exitCode, _, errors) = await LedgerProcess.RunAsync(
                "receipt", transaction.Hash.ToString(), "--node", from.HttpUrl.ToString(), "--out", file);
            Assert.True(exitCode == 0, errors);
            (exitCode, var output, errors) = await LedgerProcess.RunAsync(
                "verify", "receipt", file, "--genesis", genesisPath);
            Assert.True(exitCode == 0, output + errors);

            ProcessStartInfo start = new("node", [Script(), "--genesis", genesisPath, file])
            {
                RedirectStandardOutput = true,
            };
            using var second = Process.Start(start)!;
            var verdict = await second.StandardOutput.ReadToEndAsync();
            await second.WaitForExitAsync();
            Assert.True(second.ExitCode == 0, verdict);
        }
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
