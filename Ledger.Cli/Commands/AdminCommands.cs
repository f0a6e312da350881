using System.CommandLine;
using Ledger.Cli.Client;
using Ledger.Cli.Shell;
using Ledger.Node.Api;

namespace Ledger.Cli.Commands;

/// <summary>
/// <c>ledger admin</c>: what an operator tells one node, over its administrative port on loopback.
/// </summary>
internal static class AdminCommands
{
    private const string DefaultAdmin = "http://127.0.0.1:8081";

    private static readonly Option<string> Admin = new("--admin")
    {
        Description = $"The node's administrative URL [LEDGER_ADMIN, else {DefaultAdmin}]",
        HelpName = "URL",
    };

    public static Command Build(Terminal terminal)
    {
        ExampleCommand admin = new("admin", "Operate one node, on its own machine", "ledger admin peers");
        admin.Add(Peers(terminal));
        admin.Add(TransferLeadershipCommand.Build(terminal));
        admin.Add(MembersCommand.Build(terminal));
        foreach (var command in OperateCommands.Build(terminal))
        {
            admin.Add(command);
        }

        return admin;
    }

    /// <summary>Gives a command of this group the options that say which node is meant.</summary>
    public static void Connects(Command command)
    {
        command.Add(Admin);
        command.Add(CommonOptions.Timeout);
    }

    public static AdminClient Connect(ParseResult parsed, Terminal terminal)
    {
        var text = parsed.GetValue(Admin) ?? terminal.Variable("LEDGER_ADMIN") ?? DefaultAdmin;
        return Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? new(uri, TimeSpan.FromSeconds(parsed.GetValue(CommonOptions.Timeout)))
            : throw new CliException(
                $"'{text}' is not a node's administrative URL", $"write it like {DefaultAdmin}",
                ExitCode.Usage);
    }

    private static ExampleCommand Peers(Terminal terminal)
    {
        ExampleCommand command = new(
            "peers", "Show this node's connections to the other validators", "ledger admin peers",
            "ledger admin peers --admin http://127.0.0.1:8091 --json");
        Connects(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = Connect(parsed, terminal);
            var peers = await client.GetAsync<PeerReply[]>("peers", cancellationToken);
            if (parsed.IsJson())
            {
                terminal.Json(peers);
                return ExitCode.Done;
            }

            foreach (var peer in peers)
            {
                var why = peer.LastRefusal is { } reason ? $"; {reason}" : "";
                var roundTrip = peer.RoundTripMs is { } ms ? $", {ms:0.0} ms away" : "";
                terminal.Line(peer.Connected
                    ? $"{peer.Name,-16} connected   {peer.Address,-22} in {peer.BytesIn} B, out "
                        + $"{peer.BytesOut} B{roundTrip}{why}"
                    : $"{peer.Name,-16} not there   {peer.Address,-22}{why}");
            }

            return ExitCode.Done;
        });
        return command;
    }
}
