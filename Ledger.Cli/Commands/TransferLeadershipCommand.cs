using System.CommandLine;
using Ledger.Cli.Shell;
using Ledger.Node.Api;

namespace Ledger.Cli.Commands;

/// <summary>
/// <c>ledger admin transfer-leadership</c>: the leader of a Raft network hands over while it works.
/// </summary>
internal static class TransferLeadershipCommand
{
    public static Command Build(Terminal terminal)
    {
        Option<string?> to = new("--to")
        {
            Description = "The validator that shall lead, by its name [whichever lacks least]",
            HelpName = "V",
        };
        ExampleCommand command = new(
            "transfer-leadership", "Raft: let this node, which leads, hand over to another validator",
            "ledger admin transfer-leadership --to validator-2",
            "ledger admin transfer-leadership --admin http://127.0.0.1:8091 --json");
        command.Add(to);
        AdminCommands.Connects(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = AdminCommands.Connect(parsed, terminal);
            var reply = await client.PostAsync<TransferReply>(
                "transfer-leadership", new TransferRequest(parsed.GetValue(to)), cancellationToken);
            if (parsed.IsJson())
            {
                terminal.Json(reply);
            }
            else
            {
                terminal.Line($"{reply.Leader} leads in term {reply.Term}");
            }

            return ExitCode.Done;
        });
        return command;
    }
}
