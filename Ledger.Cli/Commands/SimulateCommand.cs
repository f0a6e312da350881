using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Ledger.Cli.Shell;
using Ledger.Cli.Simulations;
using Ledger.Simulation;
using Spectre.Console;

namespace Ledger.Cli.Commands;

/// <summary><c>ledger simulate</c>: whole networks on a virtual clock, one for each seed.</summary>
internal static class SimulateCommand
{
    private static readonly TimeSpan DrawEvery = TimeSpan.FromMilliseconds(100);

    private static readonly Option<string> Engine = new("--engine")
    {
        Description = "The consensus engine: " + string.Join(", ", SimulationOptions.Engines),
        DefaultValueFactory = _ => SimulationOptions.Engines[0],
        HelpName = "NAME",
        Validators = { result => MustBeKnown(result, "engine", SimulationOptions.Engines) },
    };

    private static readonly Option<int> Nodes = Number(
        "--nodes", "Validators in each network, 1 to 31", 4, "N");
    private static readonly Option<int> Seeds = Number(
        "--seeds", "How many seeds to run, one after the other", 1, "K");
    private static readonly Option<int> Clients = Number("--clients", "Clients in each network", 3, "C");

    private static readonly Option<int> Steps = Number(
        "--steps", "Engine steps in each network before the faults stop", SimulationOptions.DefaultSteps,
        "T");

    private static readonly Option<ulong?> Seed = new("--seed")
    {
        Description = "The first seed [a fresh one, which is printed]",
        HelpName = "S",
    };

    private static readonly Option<string> Faults = new("--faults")
    {
        Description = "'all', 'none', or some of: " + string.Join(", ", FaultSet.Names),
        DefaultValueFactory = _ => "all",
        HelpName = "LIST",
        Validators =
        {
            result =>
            {
                if (result.Tokens is [var token] && !FaultSet.TryParse(token.Value, out _, out var unknown))
                {
                    result.AddError(
                        $"'{unknown}' is no fault; known are all, none, {string.Join(", ", FaultSet.Names)}");
                }
            },
        },
    };

    private static readonly Option<int?> Byzantine = new("--byzantine")
    {
        Description = "How many validators lie [drawn from 0 to f]; above f a fork is expected",
        HelpName = "K",
    };

    private static readonly Option<string?> Strategy = new("--strategy")
    {
        Description = "How they lie [drawn]: " + string.Join(", ", Strategies.Names),
        HelpName = "NAME",
        Validators = { result => MustBeKnown(result, "strategy", Strategies.Names) },
    };

    private static readonly Option<string?> Trace = new("--trace")
    {
        Description =
            "Write what happened to this file, for 'ledger replay': of the failing seed, or of the only one",
        HelpName = "FILE",
    };

    private static readonly Option<string?> History = new("--history")
    {
        Description = "Write what the clients of the first seed invoked and saw, as JSON lines",
        HelpName = "FILE",
    };

    public static Command Build(Terminal terminal)
    {
        ExampleCommand command = new(
            "simulate", "Run the consensus of whole networks on a virtual clock, with faults and liars",
            "ledger simulate --seeds 1000",
            "ledger simulate --nodes 7 --faults loss,partition,crash --byzantine 2 --seed 42 --trace "
            + "run.trace",
            "ledger simulate --nodes 4 --byzantine 2 --seed 1 --seeds 20  # too many liars: two blocks "
            + "certified");
        foreach (var option in new Option[]
            { Engine, Nodes, Seed, Seeds, Steps, Faults, Byzantine, Strategy, Clients, Trace, History })
        {
            command.Add(option);
        }

        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (!FaultSet.TryParse(parsed.GetValue(Faults)!, out var faults, out var unknown))
            {
                throw new CliException($"'{unknown}' is no fault", "see --help", ExitCode.Usage);
            }

            SimulationOptions options = new()
            {
                Engine = parsed.GetValue(Engine)!,
                Seed = parsed.GetValue(Seed) ?? (ulong)Random.Shared.NextInt64(1, 1_000_000_000),
                Nodes = parsed.GetValue(Nodes),
                Steps = parsed.GetValue(Steps),
                Clients = parsed.GetValue(Clients),
                Faults = faults,
                Byzantine = parsed.GetValue(Byzantine),
                Strategy = parsed.GetValue(Strategy),
            };
            if (options.Fault is { } fault)
            {
                throw new CliException(fault, "see 'ledger simulate --help'", ExitCode.Usage);
            }

            return await RunAsync(terminal, parsed, options, cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        Terminal terminal, ParseResult parsed, SimulationOptions first, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        SeedSweep sweep = new(first, parsed.GetValue(Seeds));
        var run = Task.Run(() => sweep.Run(cancellationToken), CancellationToken.None);
        if (terminal.IsInteractive && !parsed.IsJson())
        {
            await ShowProgressAsync(sweep, run);
        }

        await run;
        var failing = sweep.Failing;
        if (parsed.GetValue(History) is { } history)
        {
            using var writer = new StreamWriter(history);
            using var simulator = new Simulator(first);
            simulator.Run();
            HistoryFile.Write(writer, simulator.Recorded);
        }

        var smallest = failing is null ? null : Smallest(terminal, parsed, failing);
        if (parsed.GetValue(Trace) is { } trace && (smallest is not null || parsed.GetValue(Seeds) == 1))
        {
            WriteTrace(trace, (smallest ?? failing)?.Options ?? first);
        }

        Print(terminal, parsed, first, sweep, smallest, watch.Elapsed);
        return failing is not null ? ExitCode.VerificationFailed
            : cancellationToken.IsCancellationRequested ? ExitCode.Interrupted
            : ExitCode.Done;
    }

    private static SimulationResult Smallest(Terminal terminal, ParseResult parsed, SimulationResult failing)
    {
        const int RunsMax = 150;
        if (terminal.IsInteractive && !parsed.IsJson())
        {
            terminal.Remark(
                $"seed {failing.Options.Seed}: {failing.Breach}; looking for a smaller run that shows it");
        }

        return new Shrinker(options => Simulator.Run(options), RunsMax).Shrink(failing);
    }

    private static void WriteTrace(string path, SimulationOptions options)
    {
        List<string> events = [];
        Simulator.Run(options, happened => events.Add(TraceFile.LineOf(happened)));
        using var writer = new StreamWriter(path);
        new TraceFile(options, events).Write(writer);
    }

    private static async Task ShowProgressAsync(SeedSweep sweep, Task run)
    {
        var console = AnsiConsole.Create(new() { Out = new AnsiConsoleOutput(Console.Error) });
        var progress = console.Progress().Columns(
            new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(),
            new RemainingTimeColumn());
        await progress.StartAsync(async context =>
        {
            var bar = context.AddTask("simulating", maxValue: sweep.Seeds);
            await Polling.WhileRunsAsync(run, DrawEvery, () =>
            {
                bar.Value = sweep.Done;
                bar.Description = $"{sweep.Totals.Steps:N0} steps";
            });
            bar.Value = sweep.Done;
        });
    }

    private static void Print(
        Terminal terminal, ParseResult parsed, SimulationOptions first, SeedSweep sweep,
        SimulationResult? smallest,
        TimeSpan elapsed)
    {
        var totals = sweep.Totals;
        var perSecond = totals.Steps / Math.Max(0.001, elapsed.TotalSeconds);
        if (parsed.IsJson())
        {
            terminal.Json(new
            {
                first.Engine,
                first.Nodes,
                FirstSeed = first.Seed,
                Seeds = sweep.Done,
                totals.Steps,
                totals.Events,
                StepsPerSecond = Math.Round(perSecond),
                VirtualHours = Math.Round(totals.VirtualTime.TotalHours, 3),
                Faults = FaultSet.Names.Zip(totals.Faults)
                    .ToDictionary(pair => pair.First, pair => pair.Second),
                Lies = Strategies.Names.Zip(totals.Lies)
                    .ToDictionary(pair => pair.First, pair => pair.Second),
                totals.Blocks,
                totals.Transactions,
                totals.Reads,
                totals.ViewChanges,
                totals.Epochs,
                totals.Evidence,
                TraceHash = sweep.Seeds == 1 ? totals.TraceHash : null,
                Broken = sweep.Failing is { } bad
                    ? new
                    {
                        bad.Options.Seed,
                        bad.Breach!.Name,
                        bad.Breach.Detail,
                        Smallest = Reproduce(
                        smallest!)
                    }
                    : null,
            });
            return;
        }

        terminal.Line(
            $"seeds          {first.Seed} to {first.Seed + (ulong)sweep.Seeds - 1}, {sweep.Done:N0} run");
        terminal.Line($"engine steps   {totals.Steps:N0}, {perSecond:N0} a second");
        terminal.Line(
            $"virtual time   {totals.VirtualTime.TotalHours:0.00} hours in {elapsed.TotalSeconds:0.0} s");
        terminal.Line($"final          {totals.Blocks:N0} blocks, {totals.Transactions:N0} transactions; "
            + $"{totals.Reads:N0} reads");
        terminal.Line(
            $"view changes   {totals.ViewChanges:N0} asked for; {totals.Evidence:N0} proofs of lies");
        terminal.Line($"validators     changed {totals.Epochs:N0} times");
        terminal.Line("faults         " + Counted(FaultSet.Names, totals.Faults));
        if (first.Engine == "pbft")
        {
            terminal.Line("lies           " + Counted(Strategies.Names, totals.Lies));
        }

        if (sweep.Seeds == 1)
        {
            terminal.Line($"trace hash     {totals.TraceHash}");
        }

        if (sweep.Failing is null)
        {
            terminal.Line("invariants     all held");
            return;
        }

        terminal.Line();
        foreach (var line in FailureReport.Of(sweep.Failing, smallest!))
        {
            terminal.Line(line);
        }

        terminal.Fail(
            $"seed {sweep.Failing.Options.Seed} broke the invariant '{sweep.Failing.Breach!.Name}'; "
            + $"see it again with: {Reproduce(sweep.Failing)}");
    }

    private static string Counted(IReadOnlyList<string> names, IReadOnlyList<long> counts) => string.Join(
        ", ", names.Zip(counts).Where(pair => pair.Second > 0)
            .Select(pair => $"{pair.First} {pair.Second.ToString("N0", CultureInfo.InvariantCulture)}")
            .DefaultIfEmpty("none"));

    /// <summary>
    /// The command that runs this again; what was left out by shrinking only a trace can name.
    /// </summary>
    private static string Reproduce(SimulationResult result)
    {
        var options = result.Options;
        var liars = options.Byzantine is { } k ? $" --byzantine {k}" : "";
        var strategy = options.Strategy is { } name ? $" --strategy {name}" : "";
        return $"ledger simulate --engine {options.Engine} --nodes {options.Nodes} --seed {options.Seed} "
            + $"--steps {options.Steps} --clients {options.Clients} --faults "
            + $"{options.Faults}{liars}{strategy}";
    }

    private static void MustBeKnown(
        System.CommandLine.Parsing.OptionResult result, string what, IReadOnlyList<string> known)
    {
        if (result.Tokens is [var token] && !known.Contains(token.Value))
        {
            result.AddError($"'{token.Value}' is no {what}; known are {string.Join(", ", known)}");
        }
    }

    private static Option<int> Number(string name, string description, int value, string help) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => value,
        HelpName = help,
        Validators = { result => CommonOptions.Positive(result, name) },
    };
}
