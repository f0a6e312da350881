using System.CommandLine;
using Ledger.Cli.Client;

namespace Ledger.Cli.Shell;

/// <summary>The options that many commands share, each meaning the same everywhere.</summary>
internal static class CommonOptions
{
    public const string DefaultNode = "http://127.0.0.1:8080";

    public static readonly Option<bool> Json = new("--json")
    {
        Description = "Print JSON for machines: one document, or one per line",
        Recursive = true,
    };

    public static readonly Option<string[]> Node = new("--node")
    {
        Description = $"A node's URL; repeat it to name more [LEDGER_NODE, else {DefaultNode}]",
        HelpName = "URL",
    };

    public static readonly Option<string?> Key = new("--key")
    {
        Description = "The key file to sign with [LEDGER_KEY]",
        HelpName = "FILE",
    };

    public static readonly Option<int> Timeout = new("--timeout")
    {
        Description = "Seconds to wait before giving up",
        DefaultValueFactory = _ => 30,
        HelpName = "S",
        Validators = { result => Positive(result, "--timeout") },
    };

    /// <summary>Options are shared and hold no state: what a line says lives in its parse result.</summary>
    public static bool IsJson(this ParseResult parsed) => parsed.GetValue(Json);

    public static IReadOnlyList<Uri> Nodes(this ParseResult parsed, Terminal terminal)
    {
        var named = parsed.GetValue(Node) is { Length: > 0 } given
            ? given
            : terminal.Variable("LEDGER_NODE")?.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries)
                ?? [DefaultNode];
        return [.. named.Select(NodeAddress)];
    }

    public static bool NamesNodes(this ParseResult parsed, Terminal terminal)
        => parsed.GetValue(Node) is { Length: > 0 } || terminal.Variable("LEDGER_NODE") is not null;

    public static NodeClient Connect(this ParseResult parsed, Terminal terminal)
        => new(parsed.Nodes(terminal), TimeSpan.FromSeconds(parsed.GetValue(Timeout)));

    public static string KeyPath(this ParseResult parsed, Terminal terminal)
        => parsed.GetValue(Key) ?? terminal.Variable("LEDGER_KEY")
            ?? throw new CliException(
                "no key to sign with",
                "name one with --key FILE or LEDGER_KEY, or make one with 'ledger keys new --out FILE'",
                ExitCode.Usage);

    public static void Positive(System.CommandLine.Parsing.OptionResult result, string name)
    {
        if (result.Tokens is [var token] && (!int.TryParse(token.Value, out var value) || value < 1))
        {
            result.AddError($"{name} must be a whole number of at least 1, not '{token.Value}'");
        }
    }

    private static Uri NodeAddress(string text)
        => Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? uri
            : throw new CliException(
                $"'{text}' is not a node's URL", $"write it like {DefaultNode}", ExitCode.Usage);
}
