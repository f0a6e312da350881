using System.CommandLine;
using Ledger.Cli.Client;
using Ledger.Cli.Shell;
using Ledger.Core;
using Ledger.Node.Api;

namespace Ledger.Cli.Commands;

/// <summary><c>ledger evidence</c>: which validators are proven to have voted twice.</summary>
internal static class EvidenceCommand
{
    public static Command Build(Terminal terminal)
    {
        ExampleCommand command = new(
            "evidence", "List the proofs that a validator voted or proposed twice", "ledger evidence",
            "ledger evidence --json");
        command.Add(CommonOptions.Node);
        command.Add(CommonOptions.Timeout);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = parsed.Connect(terminal);
            var evidence = await client.LimitedAsync(
                limit => client.GetAsync<EvidenceReply[]>("v1/evidence", limit), cancellationToken);
            if (parsed.IsJson())
            {
                terminal.Json(evidence);
                return ExitCode.Done;
            }

            if (evidence.Length == 0)
            {
                terminal.Line("No validator is proven to have voted twice.");
            }

            foreach (var proof in evidence)
            {
                Print(terminal, proof);
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static void Print(Terminal terminal, EvidenceReply proof)
    {
        var did = proof.Kind switch
        {
            "proposal" => "proposed",
            "prepare" => "prepared",
            _ => "committed to",
        };
        terminal.Line(
            $"{proof.Validator} {did} two blocks at height {proof.Height} in view {new View(proof.View)}: "
            + $"{proof.First.Block[..8]} and {proof.Second.Block[..8]}");
        terminal.Line(proof.RecordedAt is { } height
            ? $"  on the ledger since block {height}, reported by {proof.Reporter}"
            : "  held by this node, not yet on the ledger");
    }
}
