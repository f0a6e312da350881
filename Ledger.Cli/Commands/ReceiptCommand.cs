using System.CommandLine;
using Ledger.Cli.Shell;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Cli.Commands;

/// <summary><c>ledger receipt</c>: fetches the file that proves what became of a transaction.</summary>
internal static class ReceiptCommand
{
    public static Command Build(Terminal terminal)
    {
        Argument<string> hash = new("hash") { Description = "The transaction's hash" };
        hash.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !Digest.TryParse(token.Value, out _))
            {
                result.AddError($"'{token.Value}' is no transaction's hash: 64 hexadecimal digits");
            }
        });
        var file = OutOption("payment.receipt.json");
        ExampleCommand command = new(
            "receipt", "Save a transaction's receipt: one file that convinces whoever has the genesis",
            "ledger receipt $HASH --out payment.receipt.json",
            "ledger receipt $HASH --out payment.receipt.msgpack");
        command.Add(hash);
        command.Add(file);
        command.Add(CommonOptions.Node);
        command.Add(CommonOptions.Timeout);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = parsed.Connect(terminal);
            var (genesis, proof) = await client.LimitedAsync(
                async limit => (
                    await client.GenesisAsync(limit),
                    await ProofFiles.FetchAsync<ReceiptProof>(
                        client, $"v1/receipts/{parsed.GetRequiredValue(hash)}/proof", limit)),
                cancellationToken);
            return Save(terminal, parsed, parsed.GetRequiredValue(file), proof, ReceiptVerifier.Verify(
                proof, genesis));
        });
        return command;
    }

    public static Option<string> OutOption(string example) => new("--out")
    {
        Description = $"Where to write it, such as {example}; with .msgpack at its end in MessagePack",
        HelpName = "FILE",
        Required = true,
    };

    /// <summary>
    /// What is saved has been checked, so that nobody is the first to find a fault when they need the proof.
    /// </summary>
    public static int Save(Terminal terminal, ParseResult parsed, string path, Proof proof, Verdict verdict)
    {
        if (verdict.Fault is { } fault)
        {
            throw ProofFiles.Forged("the node's answer", fault);
        }

        ProofFiles.Write(path, proof);
        if (parsed.IsJson())
        {
            terminal.Json(new
            {
                File = path,
                Bytes = new FileInfo(path).Length,
                Height = proof.Finality.Header.Height.Value
            });
        }
        else
        {
            terminal.Line($"wrote {path}, {new FileInfo(path).Length} bytes");
        }

        return ExitCode.Done;
    }
}
