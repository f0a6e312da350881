using System.CommandLine;
using System.Net;
using Ledger.Cli.Shell;
using Ledger.Node.Configuration;

namespace Ledger.Cli.Commands;

/// <summary>
/// <c>ledger node probe</c>: whether the validator with this configuration is alive, for a container's health
/// check: the image has no other HTTP client, and only the configuration knows the port.
/// </summary>
internal static class ProbeCommand
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(4);

    public static Command Build(Terminal terminal)
    {
        var (file, settings) = (NodeCommands.ConfigOption(), NodeCommands.SettingsOption());
        Option<bool> ready =
            new("--ready") { Description = "Ask whether it is in sync and connected to a quorum, too" };
        ExampleCommand command = new(
            "probe", "Ask the running validator of this configuration whether it is alive",
            "ledger node probe --config node.json", "ledger node probe --config node.json --ready");
        command.Add(file);
        command.Add(settings);
        command.Add(ready);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            try
            {
                var options = NodeCommands.Load(
                    parsed.GetRequiredValue(file), parsed.GetValue(settings) ?? []);
                var path = parsed.GetValue(ready) ? "readyz" : "livez";
                return await AskAsync(
                    terminal, parsed, new(UrlOf(options.HttpListen), path), cancellationToken);
            }
            catch (ConfigurationException exception)
            {
                terminal.Fail(exception.Message);
                return ExitCode.BadConfiguration;
            }
        });
        return command;
    }

    /// <summary>Who listens on every address is reached on loopback.</summary>
    internal static Uri UrlOf(IPEndPoint listen)
    {
        var address = listen.Address.Equals(IPAddress.Any) ? IPAddress.Loopback
            : listen.Address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback
            : listen.Address;
        return new($"http://{new IPEndPoint(address, listen.Port)}/");
    }

    private static async Task<int> AskAsync(
        Terminal terminal, ParseResult parsed, Uri url, CancellationToken cancellationToken)
    {
        using HttpClient http = new() { Timeout = Limit };
        HttpStatusCode answer;
        try
        {
            using var response = await http.GetAsync(url, cancellationToken);
            answer = response.StatusCode;
        }
        catch (HttpRequestException)
        {
            throw new CliException(
                $"nothing answers at {url}", "see whether the validator runs, and its log");
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CliException(
                $"no answer from {url} in {Limit.TotalSeconds:0} s", "see its log", ExitCode.TimedOut);
        }

        var holds = answer == HttpStatusCode.OK;
        if (parsed.IsJson())
        {
            terminal.Json(new { Url = url, Holds = holds });
        }
        else
        {
            terminal.Line(holds ? "ok" : $"not ok: {url} answers {(int)answer}");
        }

        return holds ? ExitCode.Done : ExitCode.Failed;
    }
}
