using System.CommandLine;
using Ledger.Cli.Shell;
using Ledger.Core;

namespace Ledger.Cli.Commands;

/// <summary>
/// <c>ledger verify</c>: checks files with the genesis alone, offline; exits 4 and names the first fault.
/// </summary>
internal static class VerifyCommands
{
    public static readonly Option<string> GenesisPath = new("--genesis")
    {
        Description = "The chain's genesis file, from somebody you trust",
        HelpName = "FILE",
        Required = true,
    };

    public static Command Build(Terminal terminal)
    {
        ExampleCommand verify = new(
            "verify", "Check proofs and data offline",
            "ledger verify receipt payment.receipt.json --genesis genesis.json");
        verify.Add(Checks<ReceiptProof>(
            terminal, "receipt", "Check a transaction's receipt", "a receipt", ReceiptVerifier.Verify,
            "ledger verify receipt payment.receipt.json --genesis genesis.json"));
        verify.Add(Checks<Proof>(
            terminal, "state", "Check a proof of a key's value or absence, or of all keys with a prefix",
            "a state proof",
            (proof, genesis) => proof switch
            {
                KeyProof key => StateVerifier.Verify(key, genesis),
                PrefixProof prefix => StateVerifier.Verify(prefix, genesis),
                _ => Verdict.Of("it is no proof about the state"),
            },
            "ledger verify state greeting.proof.json --genesis genesis.json"));
        verify.Add(Checks<HeadersProof>(
            terminal, "headers", "Check certified headers", "a list of headers", LightClient.Verify,
            "ledger verify headers new.headers.json --genesis genesis.json"));
        verify.Add(Extends(terminal));
        foreach (var command in AuditCommands.Build(terminal))
        {
            verify.Add(command);
        }

        return verify;
    }

    private static ExampleCommand Extends(Terminal terminal)
    {
        Argument<string> old = new("old") { Description = "What was remembered: a proof of any kind" };
        Argument<string> now =
            new("new") { Description = "Headers from there on: 'ledger headers --from H --out NEW'" };
        ExampleCommand command = new(
            "extends", "Check that the chain seen now goes on from what was seen before",
            "ledger verify extends old.headers.json new.headers.json --genesis genesis.json");
        command.Add(old);
        command.Add(now);
        command.Add(GenesisPath);
        command.SetAction(parsed =>
        {
            var genesis = ProofFiles.ReadGenesis(parsed.GetRequiredValue(GenesisPath));
            var (oldPath, newPath) = (parsed.GetRequiredValue(old), parsed.GetRequiredValue(now));
            var (client, fault) = LightClient.From(ProofFiles.Read<Proof>(oldPath, "a proof"), genesis);
            if (client is null)
            {
                return Print(terminal, parsed, oldPath, Verdict.Of(fault!));
            }

            var (next, fork) = client.Accept(ProofFiles.Read<Proof>(newPath, "a proof"));
            return Print(terminal, parsed, newPath, next is null
                ? Verdict.Of(fork!)
                : Verdict.Of(
                [
                    $"chain '{genesis.ChainId}' goes on: block {next.Height} ({next.HeadHash}) extends "
                        + $"block {client.Height} ({client.HeadHash})",
                ]));
        });
        return command;
    }

    private static ExampleCommand Checks<T>(
        Terminal terminal, string name, string description, string kind, Func<T, Genesis, Verdict> check,
        params string[] examples)
        where T : Proof
    {
        Argument<string> file = new("file") { Description = "The file, in either form" };
        ExampleCommand command = new(name, description, examples);
        command.Add(file);
        command.Add(GenesisPath);
        command.SetAction(parsed =>
        {
            var genesis = ProofFiles.ReadGenesis(parsed.GetRequiredValue(GenesisPath));
            var path = parsed.GetRequiredValue(file);
            return Print(terminal, parsed, path, check(ProofFiles.Read<T>(path, kind), genesis));
        });
        return command;
    }

    private static int Print(Terminal terminal, ParseResult parsed, string path, Verdict verdict)
    {
        if (parsed.IsJson())
        {
            terminal.Json(new { Valid = verdict.Holds, verdict.Fault, verdict.Proven });
            return verdict.Holds ? ExitCode.Done : ExitCode.VerificationFailed;
        }

        if (verdict.Fault is { } fault)
        {
            throw ProofFiles.Forged(path, fault);
        }

        foreach (var words in verdict.Proven)
        {
            terminal.Line(words);
        }

        return ExitCode.Done;
    }
}
