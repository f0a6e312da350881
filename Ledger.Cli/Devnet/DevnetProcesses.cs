using System.Net;
using System.Net.Sockets;
using Ledger.Cli.Shell;
using Ledger.Storage;

namespace Ledger.Cli.Devnet;

/// <summary>Starts a devnet's validators, waits until they are ready, and stops them.</summary>
internal sealed class DevnetProcesses(
    DevnetFolder folder, IReadOnlyList<string> nodeCommand, Terminal terminal)
{
    private const int SigTerm = 15;
    private const int SigKill = 9;

    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(10);

    /// <summary>What was killed a moment ago still holds its data until the system has buried it.</summary>
    private static readonly TimeSpan BurialLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    /// <summary>This very program, however it was started, as a node.</summary>
    public static IReadOnlyList<string> ThisProgramAsNode()
    {
        var program = Environment.ProcessPath ?? "ledger";
        return Path.GetFileNameWithoutExtension(program) == "dotnet"
            ? [program, Environment.GetCommandLineArgs()[0], "node", "run", "--set", "log.format=console"]
            : [program, "node", "run", "--set", "log.format=console"];
    }

    /// <summary>
    /// Starts those that do not run, and says which. All that have a seat are ready when this returns; when
    /// one is not, none of those that this started is left running.
    /// </summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        DevnetValidator[] dead = [.. folder.Validators.Where(validator => validator.RunningPid() is null)];
        if (dead.Length == 0)
        {
            folder.RefuseRunning();
        }

        terminal.Remark(dead.Length == folder.Validators.Count
            ? $"starting {dead.Length} {Plural.Of(dead.Length, "validator")}..."
            : "starting what does not run: "
                + $"{string.Join(", ", dead.Select(validator => validator.Plan.Name))}...");
        await WaitUntilBuriedAsync(dead, cancellationToken);
        RefuseTakenPorts(dead);
        try
        {
            foreach (var validator in dead)
            {
                using var process = validator.Start(nodeCommand);
            }

            await WaitUntilReadyAsync(cancellationToken);
        }
        catch
        {
            await StopAsync(dead);
            throw;
        }
    }

    /// <returns>How many were running.</returns>
    public static async Task<int> StopAsync(IReadOnlyList<DevnetValidator> validators)
    {
        var stopped = validators.Count(validator => validator.Send(SigTerm));
        while (!await Polling.UntilAsync(
            () => Task.FromResult(AllEnded()), Poll, StopLimit, CancellationToken.None))
        {
            foreach (var validator in validators)
            {
                validator.Send(SigKill);
            }
        }

        return stopped;

        bool AllEnded() => validators.All(validator => validator.RunningPid() is null);
    }

    /// <summary>Throws, with the end of its log, when a validator has died.</summary>
    public void RefuseDead()
    {
        if (folder.Validators.FirstOrDefault(validator => validator.RunningPid() is null) is { } dead)
        {
            throw new CliException(
                $"{dead.Plan.Name} ended; the last lines of its log:\n{dead.LogTail()}\n",
                $"see {dead.LogPath}");
        }
    }

    private async Task WaitUntilBuriedAsync(
        IReadOnlyList<DevnetValidator> dead, CancellationToken cancellationToken)
    {
        if (Holder() is { } dying)
        {
            terminal.Remark(
                $"the data of {dying.Plan.Name} is still held by a process that ends; waiting for it...");
        }

        if (!await Polling.UntilAsync(
            () => Task.FromResult(Holder() is null), Poll, BurialLimit, cancellationToken))
        {
            throw new CliException(
                $"another process holds the data of {Holder()?.Plan.Name ?? "a validator"}",
                "stop it, or choose another --dir");
        }

        DevnetValidator? Holder() => dead.FirstOrDefault(validator => DataFolder.IsHeld(validator.DataPath));
    }

    private void RefuseTakenPorts(IReadOnlyList<DevnetValidator> dead)
    {
        var names = dead.Select(validator => validator.Plan.Name).ToHashSet();
        foreach (
            var (validator, port) in folder.Plan.Ports().Where(taken => names.Contains(taken.Validator.Name)))
        {
            using Socket probe = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            // What closed a moment ago still holds its port for a while; a listener may share it, and so may
            // we.
            probe.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            try
            {
                probe.Bind(new IPEndPoint(IPAddress.Loopback, port));
                probe.Listen();
            }
            catch (SocketException)
            {
                throw new CliException(
                    $"port {port}, which {validator.Name} needs, is in use",
                    "stop what uses it, or choose another --base-port");
            }
        }
    }

    private async Task WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        using HttpClient http = new() { Timeout = TimeSpan.FromSeconds(2) };
        DevnetReadiness readiness = new(http);
        var waiting = folder.Validators.ToList();
        if (!await Polling.UntilAsync(NoneWaitsAsync, Poll, ReadyLimit, cancellationToken))
        {
            var late = waiting[0];
            throw new CliException(
                $"{late.Plan.Name} is not ready after {ReadyLimit.TotalSeconds:0} s; the last lines of its "
                + "log:\n"
                + $"{late.LogTail()}\n", $"see {late.LogPath}", ExitCode.TimedOut);
        }

        async Task<bool> NoneWaitsAsync()
        {
            RefuseDead();
            foreach (var validator in waiting.ToList())
            {
                var (url, name) = (validator.Plan.HttpUrl, validator.Plan.Name);
                var state = await readiness.OfAsync(url, name, cancellationToken);
                if (state == Readiness.HasNoSeat)
                {
                    terminal.Remark($"{name} was removed from the validators: it is not waited for");
                }

                if (state != Readiness.NotYet)
                {
                    waiting.Remove(validator);
                }
            }

            return waiting.Count == 0;
        }
    }
}
