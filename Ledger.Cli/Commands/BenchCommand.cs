using System.CommandLine;
using Ledger.Cli.Bench;
using Ledger.Cli.Client;
using Ledger.Cli.Devnet;
using Ledger.Cli.Keys;
using Ledger.Cli.Network;
using Ledger.Cli.Shell;

namespace Ledger.Cli.Commands;

/// <summary><c>ledger bench</c>: load, and what the network made of it.</summary>
internal static class BenchCommand
{
    private static readonly Option<int> Clients = Number(
        "--clients", "Clients, each with its own connection", 8, "C");
    private static readonly Option<int> Duration = Number("--duration", "Seconds to send", 10, "S");
    private static readonly Option<int> Operations = Number(
        "--operations", "Operations in each transaction", 1, "K");
    private static readonly Option<int> Size = Number("--size", "Bytes of each value", 100, "B");
    private static readonly Option<int> Batch = Number("--batch", "Transactions in each request", 100, "N");

    private static readonly Option<int?> Rate = new("--rate")
    {
        Description = "Transactions a second over all clients; latency then counts from when each was due",
        HelpName = "R",
        Validators = { result => CommonOptions.Positive(result, "--rate") },
    };

    public static Command Build(Terminal terminal)
    {
        ExampleCommand command = new(
            "bench", "Load the network, and tell throughput and latency until final",
            "ledger bench --key client.key.json",
            "ledger bench --clients 1 --batch 1 --rate 50 --duration 30   # latency",
            "ledger bench --node http://127.0.0.1:8080 --node http://127.0.0.1:8090 --json");
        foreach (var option in new Option[]
        {
            Clients, Duration, Operations, Size, Batch, Rate,
            CommonOptions.Key, CommonOptions.Node, CommonOptions.Timeout,
        })
        {
            command.Add(option);
        }

        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var key = KeyFiles.Load(
                KeyPath(parsed, terminal), () => Passphrase.Ask(terminal, "Passphrase"));
            BenchSettings settings = new(
                await NodesAsync(parsed, terminal, cancellationToken), parsed.GetValue(Clients),
                TimeSpan.FromSeconds(parsed.GetValue(Duration)), parsed.GetValue(Operations),
                parsed.GetValue(Size), parsed.GetValue(Batch), parsed.GetValue(Rate),
                TimeSpan.FromSeconds(parsed.GetValue(CommonOptions.Timeout)));
            using NodeClient client = new(settings.Nodes, settings.Patience);
            var genesis = await client.LimitedAsync(client.GenesisAsync, cancellationToken);
            LoadGenerator load = new(settings, new(genesis.ChainId, key, settings));
            var run = load.RunAsync(cancellationToken);
            if (terminal.IsInteractive && !parsed.IsJson())
            {
                await ShowProgressAsync(terminal, load, run);
            }

            var result = await run;
            Print(terminal, parsed, settings, result, load.Elapsed);
            return cancellationToken.IsCancellationRequested ? ExitCode.Interrupted
                : result.Applied == 0 || result.Failures.Count > 0 ? ExitCode.Failed
                : ExitCode.Done;
        });
        return command;
    }

    /// <summary>
    /// Without --key, a devnet in this folder lends its own: a newcomer's first load needs no key.
    /// </summary>
    private static string KeyPath(ParseResult parsed, Terminal terminal)
    {
        var devnet = NetworkFolder.ClientKeyPath(DevnetFolder.DefaultPath);
        return parsed.GetValue(CommonOptions.Key) is null && terminal.Variable("LEDGER_KEY") is null
            && File.Exists(devnet)
                ? devnet
                : parsed.KeyPath(terminal);
    }

    /// <summary>
    /// The nodes that were named; or those of a devnet at its usual ports, as many as answer.
    /// </summary>
    private static async Task<IReadOnlyList<Uri>> NodesAsync(
        ParseResult parsed, Terminal terminal, CancellationToken cancellationToken)
    {
        if (parsed.NamesNodes(terminal))
        {
            return parsed.Nodes(terminal);
        }

        const int DevnetValidators = 4;
        var devnet = new DevnetSettings(DevnetValidators, "pbft", NetworkPlan.DefaultHttpPort).Plan("any");
        List<Uri> alive = [];
        foreach (var validator in devnet.Validators)
        {
            using NodeClient client = new([validator.HttpUrl], TimeSpan.FromSeconds(2));
            try
            {
                await client.LimitedAsync(client.GenesisAsync, cancellationToken);
                alive.Add(validator.HttpUrl);
            }
            catch (Exception exception)
                when (exception is NoNodeAnswersException or CliException or RefusedException)
            {
                // The first port speaks for itself below; a further one that is not a node is none of ours.
            }
        }

        return alive.Count > 0 ? alive : parsed.Nodes(terminal);
    }

    private static Task ShowProgressAsync(Terminal terminal, LoadGenerator load, Task run)
    {
        var before = 0L;
        return Polling.WhileRunsAsync(run, TimeSpan.FromSeconds(1), () =>
        {
            var now = load.AppliedSoFar;
            terminal.Remark($"{load.Elapsed.TotalSeconds,4:0} s  {now - before,8:N0} tx/s");
            before = now;
        });
    }

    private static void Print(
        Terminal terminal, ParseResult parsed, BenchSettings settings, BenchResult result, TimeSpan elapsed)
    {
        var perSecond = result.Applied / Math.Max(0.001, elapsed.TotalSeconds);
        (string Name, double Milliseconds)[] latencies =
        [
            ("p50", Milliseconds(50)), ("p90", Milliseconds(90)), ("p99", Milliseconds(99)),
            ("p99.9", Milliseconds(99.9)), ("max", result.Latency.MaxMicroseconds / 1000.0),
        ];
        if (parsed.IsJson())
        {
            terminal.Json(new
            {
                Nodes = settings.Nodes.Count,
                settings.Clients,
                settings.Batch,
                settings.Operations,
                settings.ValueBytes,
                settings.RatePerSecond,
                Seconds = Math.Round(elapsed.TotalSeconds, 3),
                result.Applied,
                TransactionsPerSecond = Math.Round(perSecond, 1),
                LatencyMs = latencies.ToDictionary(l => l.Name, l => Math.Round(l.Milliseconds, 3)),
                result.Failures,
            });
            return;
        }

        terminal.Line(
            $"{settings.Clients} {Plural.Of(settings.Clients, "client")}, {settings.Batch} "
            + $"{Plural.Of(settings.Batch, "transaction")} a request, {settings.Nodes.Count} "
            + $"{Plural.Of(settings.Nodes.Count, "node")}, {elapsed.TotalSeconds:0.0} s");
        terminal.Line($"final    {result.Applied:N0} transactions, {perSecond:N0} tx/s");
        var since = settings.RatePerSecond is null ? "sending" : "intended send time";
        terminal.Line($"latency  from {since} until final, in ms");
        terminal.Line("  " + string.Join("  ", latencies.Select(l => $"{l.Name} {l.Milliseconds:0.0}")));
        foreach (var (cause, count) in result.Failures)
        {
            terminal.Line($"failed   {count:N0}  {cause}");
        }

        double Milliseconds(double percent) => result.Latency.Percentile(percent) / 1000.0;
    }

    private static Option<int> Number(string name, string description, int value, string help) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => value,
        HelpName = help,
        Validators = { result => CommonOptions.Positive(result, name) },
    };
}
