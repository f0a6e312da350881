using System.CommandLine;
using Ledger.Cli.Shell;
using Ledger.Core;

namespace Ledger.Cli.Commands;

/// <summary>
/// <c>ledger headers</c>: saves certified headers, for a client to remember or to show that the chain goes
/// on.
/// </summary>
internal static class HeadersCommand
{
    public static Command Build(Terminal terminal)
    {
        Option<ulong?> from = new("--from") { Description = "The first height [the latest]", HelpName = "H" };
        Option<ulong?> to = new("--to")
        {
            Description =
                $"The last, or the next certified one above it; {ProofFile.HeadersMax} at most [the latest]",
            HelpName = "H",
        };
        var file = ReceiptCommand.OutOption("new.headers.json");
        ExampleCommand command = new(
            "headers", "Save certified headers in a row", "ledger headers --out old.headers.json",
            "ledger headers --from 42 --out new.headers.json");
        foreach (var option in new Option[] { from, to, file, CommonOptions.Node, CommonOptions.Timeout })
        {
            command.Add(option);
        }

        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = parsed.Connect(terminal);
            var (genesis, proof) = await client.LimitedAsync(
                async limit =>
                {
                    var first = parsed.GetValue(from)
                        ?? (await client.GetAsync<Node.Api.StatusReply>("v1/status", limit)).Height;
                    var end = parsed.GetValue(to) is { } last ? $"&to={last}" : "";
                    return (
                        await client.GenesisAsync(limit),
                        await ProofFiles.FetchAsync<HeadersProof>(
                            client, $"v1/headers?from={first}{end}", limit));
                },
                cancellationToken);
            return ReceiptCommand.Save(
                terminal, parsed, parsed.GetRequiredValue(file), proof, LightClient.Verify(proof, genesis));
        });
        return command;
    }
}
