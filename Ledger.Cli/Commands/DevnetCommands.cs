using System.CommandLine;
using System.Diagnostics;
using Ledger.Cli.Devnet;
using Ledger.Cli.Network;
using Ledger.Cli.Shell;
using Spectre.Console;

namespace Ledger.Cli.Commands;

/// <summary><c>ledger devnet</c>: a whole network on this machine.</summary>
internal static class DevnetCommands
{
    private static readonly TimeSpan DrawEvery = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LineEvery = TimeSpan.FromSeconds(10);

    private static readonly Option<string> Dir = new("--dir")
    {
        Description = "Its folder",
        DefaultValueFactory = _ => DevnetFolder.DefaultPath,
        HelpName = "DIR",
    };

    public static Command Build(Terminal terminal)
    {
        Option<int> validators = new("--validators")
        {
            Description = "How many",
            DefaultValueFactory = _ => 4,
            HelpName = "N",
            Validators = { result => CommonOptions.Positive(result, "--validators") },
        };
        Option<int> basePort = new("--base-port")
        {
            Description = "HTTP port of the first; each further one is 10 above, and peer ports move alike",
            DefaultValueFactory = _ => NetworkPlan.DefaultHttpPort,
            HelpName = "P",
        };
        Option<bool> fresh = new("--fresh") { Description = "Remove what the folder holds and start anew" };
        Option<bool> detach =
            new("--detach") { Description = "Return once all are ready, and leave them running" };
        Option<bool> prometheus = new("--with-prometheus")
        {
            Description = "Start the system's Prometheus beside it, with the rules and alerts that ship "
                + "with the ledger",
        };
        var mode = NetworkCommands.ModeOption();
        var evidence = NetworkCommands.EvidenceOption();
        var witnesses = NetworkCommands.WitnessesOption();
        ExampleCommand command = new(
            "devnet", "Run a network on this machine, one process per validator",
            "ledger devnet", "ledger devnet --validators 7 --base-port 9080 --dir other --detach",
            "ledger devnet --mode raft --validators 3 --witnesses 1", "ledger devnet --with-prometheus",
            "ledger devnet stop --dir other");
        foreach (var option in new Option[] { validators, mode, witnesses, evidence, Dir, basePort, fresh,
            detach, prometheus })
        {
            command.Add(option);
        }

        command.Add(Stop(terminal));
        command.Add(Status(terminal));
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var path = parsed.GetRequiredValue(Dir);
            var made = parsed.GetValue(fresh) ? null : DevnetFolder.Find(path)?.Settings;
            DevnetSettings settings = new(
                Chosen(parsed, validators, made?.Validators), Chosen(parsed, mode, made?.Mode)!,
                Chosen(parsed, basePort, made?.BasePort), Chosen(parsed, evidence, made?.Evidence)!,
                Chosen(parsed, witnesses, made?.Witnesses));
            var agreement = NetworkCommands.ModeOf(settings.Mode);
            _ = NetworkCommands.EvidenceOf(settings.Evidence, agreement);
            _ = NetworkCommands.WitnessesOf(settings.Witnesses, agreement, settings.Validators);
            NetworkCommands.WarnIfTooFew(terminal, agreement, settings.Validators);
            if (parsed.GetValue(prometheus))
            {
                DevnetPrometheus.RefuseMissing(terminal);
            }

            var folder = DevnetFolder.OpenOrCreate(path, settings, parsed.GetValue(fresh));
            DevnetProcesses processes = new(folder, DevnetProcesses.ThisProgramAsNode(), terminal);
            await processes.StartAsync(cancellationToken);
            var watcher = parsed.GetValue(prometheus)
                ? await WatchAsync(terminal, folder, cancellationToken)
                : null;
            Announce(terminal, parsed, folder, watcher?.Url);
            return parsed.GetValue(detach)
                ? ExitCode.Done
                : await RunAsync(terminal, parsed, folder, processes, cancellationToken);
        });
        return command;
    }

    /// <summary>What the line says; where it says nothing, what the folder was made with.</summary>
    private static T? Chosen<T>(ParseResult parsed, Option<T> option, object? made)
        => made is T kept && parsed.GetResult(option) is null or { Implicit: true }
            ? kept
            : parsed.GetValue(option);

    private static ExampleCommand Stop(Terminal terminal)
    {
        ExampleCommand command = new("stop", "Stop a devnet's validators", "ledger devnet stop");
        command.Add(Dir);
        command.SetAction(async (parsed, _) =>
        {
            var folder = DevnetFolder.Open(parsed.GetRequiredValue(Dir));
            await new DevnetPrometheus(folder).StopAsync();
            var stopped = await DevnetProcesses.StopAsync(folder.Validators);
            if (parsed.IsJson())
            {
                terminal.Json(new { Stopped = stopped });
            }
            else
            {
                terminal.Line(stopped == 0
                    ? "none was running"
                    : $"stopped {stopped} {Plural.Of(stopped, "validator")}");
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static ExampleCommand Status(Terminal terminal)
    {
        ExampleCommand command = new(
            "status", "Show whether a devnet runs and how it fares", "ledger devnet status");
        command.Add(Dir);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var folder = DevnetFolder.Open(parsed.GetRequiredValue(Dir));
            using DevnetMonitor monitor = new(folder.Validators);
            var picture = await monitor.SampleAsync(DateTimeOffset.UtcNow, cancellationToken);
            PrintStatus(terminal, parsed, folder, picture);
            return picture.Samples.All(sample => sample is { IsReady: true } or { WasRemoved: true })
                ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }

    /// <summary>Without it the devnet is not what was asked for: then none of it is left running.</summary>
    private static async Task<DevnetPrometheus> WatchAsync(
        Terminal terminal, DevnetFolder folder, CancellationToken cancellationToken)
    {
        DevnetPrometheus watcher = new(folder);
        try
        {
            await watcher.StartAsync(terminal, cancellationToken);
            return watcher;
        }
        catch
        {
            await watcher.StopAsync();
            await DevnetProcesses.StopAsync(folder.Validators);
            throw;
        }
    }

    /// <summary>Until Ctrl-C, or until a validator dies; either way none is left running.</summary>
    private static async Task<int> RunAsync(
        Terminal terminal, ParseResult parsed, DevnetFolder folder, DevnetProcesses processes,
        CancellationToken cancellationToken)
    {
        var started = Stopwatch.StartNew();
        try
        {
            using DevnetMonitor monitor = new(folder.Validators);
            if (terminal.IsInteractive && !parsed.IsJson())
            {
                await DrawAsync(monitor, folder, processes, started, cancellationToken);
            }
            else
            {
                await PrintLinesAsync(terminal, monitor, folder, processes, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            terminal.Remark("stopping...");
        }
        finally
        {
            await new DevnetPrometheus(folder).StopAsync();
            await DevnetProcesses.StopAsync(folder.Validators);
        }

        terminal.Remark(
            $"stopped; its chain goes on with 'ledger devnet --dir {parsed.GetRequiredValue(Dir)}'");
        return ExitCode.Interrupted;
    }

    private static async Task DrawAsync(
        DevnetMonitor monitor, DevnetFolder folder, DevnetProcesses processes, Stopwatch started,
        CancellationToken cancellationToken)
    {
        using PeriodicTimer timer = new(DrawEvery);
        await AnsiConsole.Live(new Text("")).StartAsync(async live =>
        {
            do
            {
                var picture = await monitor.SampleAsync(DateTimeOffset.UtcNow, cancellationToken);
                live.UpdateTarget(DevnetView.Render(folder, picture, started.Elapsed));
                RefuseAllDead(folder, processes);
            }
            while (await timer.WaitForNextTickAsync(cancellationToken));
        });
    }

    private static async Task PrintLinesAsync(
        Terminal terminal, DevnetMonitor monitor, DevnetFolder folder, DevnetProcesses processes,
        CancellationToken cancellationToken)
    {
        using PeriodicTimer timer = new(LineEvery);
        do
        {
            var picture = await monitor.SampleAsync(DateTimeOffset.UtcNow, cancellationToken);
            terminal.Remark(DevnetView.Line(folder, picture));
            RefuseAllDead(folder, processes);
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    /// <summary>
    /// One dead validator is what a devnet is for trying out; all of them dead is the end of it.
    /// </summary>
    private static void RefuseAllDead(DevnetFolder folder, DevnetProcesses processes)
    {
        if (folder.Validators.All(validator => validator.RunningPid() is null))
        {
            processes.RefuseDead();
        }
    }

    private static void Announce(Terminal terminal, ParseResult parsed, DevnetFolder folder, Uri? prometheus)
    {
        if (parsed.IsJson())
        {
            terminal.Json(new
            {
                Folder = folder.Path,
                folder.Plan.ChainId,
                Key = folder.ClientKey,
                Prometheus = prometheus,
                Validators = folder.Plan.Validators.Select(
                    v => new { v.Name, Url = v.HttpUrl, Admin = v.AdminUrl }),
            });
            return;
        }

        var key = folder.ClientKey;
        var at = folder.Settings.BasePort == NetworkPlan.DefaultHttpPort
            ? ""
            : $" --node {folder.Plan.Validators[0].HttpUrl}";
        terminal.Line($"{folder.Plan.ChainId} runs:");
        foreach (var (i, validator) in folder.Plan.Validators.Index())
        {
            terminal.Line(
                $"  {validator.Name,-14} {validator.HttpUrl}{(folder.Plan.IsWitness(i) ? "  witness" : "")}");
        }

        if (prometheus is not null)
        {
            terminal.Line($"  {"prometheus",-14} {prometheus}  alerts: {new Uri(prometheus, "alerts")}");
        }

        terminal.Line();
        terminal.Line("Try next:");
        terminal.Line($"  ledger tx put notes greeting hello --key {key}{at}");
        terminal.Line($"  ledger get notes greeting{at}");
        terminal.Line($"  ledger bench --duration 10 --key {key}{at}");
        terminal.Line();
        terminal.Output.Flush();
    }

    private static void PrintStatus(
        Terminal terminal, ParseResult parsed, DevnetFolder folder, DevnetPicture picture)
    {
        for (var i = 0; i < folder.Validators.Count; i++)
        {
            var validator = folder.Validators[i];
            var sample = picture.Samples[i];
            var state = sample switch
            {
                { IsReady: true } => "ready",
                not null => sample.Status.State,
                null when validator.RunningPid() is not null => "not answering",
                _ => "stopped",
            };
            if (parsed.IsJson())
            {
                terminal.Json(new
                {
                    validator.Plan.Name,
                    Url = validator.Plan.HttpUrl,
                    State = state,
                    Pid = validator.RunningPid(),
                    sample?.Status.Height,
                });
            }
            else
            {
                var height = sample is null ? "" : $"height {sample.Status.Height}";
                terminal.Line(
                    $"{validator.Plan.Name,-14} {validator.Plan.HttpUrl,-24} {state,-14} {height}".TrimEnd());
            }
        }
    }
}
