using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Ledger.Cli.Shell;

namespace Ledger.Cli.Devnet;

/// <summary>Starts a devnet's validators, waits until they are ready, and stops them.</summary>
internal sealed class DevnetProcesses(DevnetFolder folder, IReadOnlyList<string> nodeCommand)
{
    private const int SigTerm = 15;
    private const int SigKill = 9;

    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    /// <summary>This very program, however it was started, as a node.</summary>
    public static IReadOnlyList<string> ThisProgramAsNode()
    {
        var program = Environment.ProcessPath ?? "ledger";
        return Path.GetFileNameWithoutExtension(program) == "dotnet"
            ? [program, Environment.GetCommandLineArgs()[0], "node", "run", "--set", "log.format=console"]
            : [program, "node", "run", "--set", "log.format=console"];
    }

    /// <summary>All are ready when this returns; when one is not, none is left running.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        folder.RefuseRunning();
        RefuseTakenPorts();
        try
        {
            foreach (var validator in folder.Validators)
            {
                using var process = validator.Start(nodeCommand);
            }

            await WaitUntilReadyAsync(cancellationToken);
        }
        catch
        {
            await StopAsync(folder);
            throw;
        }
    }

    /// <returns>How many were running.</returns>
    public static async Task<int> StopAsync(DevnetFolder folder)
    {
        var stopped = 0;
        foreach (var validator in folder.Validators)
        {
            stopped += validator.Send(SigTerm) ? 1 : 0;
        }

        var watch = Stopwatch.StartNew();
        while (folder.Validators.Any(validator => validator.RunningPid() is not null))
        {
            if (watch.Elapsed > StopLimit)
            {
                foreach (var validator in folder.Validators)
                {
                    validator.Send(SigKill);
                }
            }

            await Task.Delay(Poll);
        }

        return stopped;
    }

    /// <summary>Throws, with the end of its log, when a validator has died.</summary>
    public void RefuseDead()
    {
        if (folder.Validators.FirstOrDefault(validator => validator.RunningPid() is null) is { } dead)
        {
            throw new CliException(
                $"{dead.Plan.Name} ended; the last lines of its log:\n{dead.LogTail()}\n", $"see {dead.LogPath}");
        }
    }

    private void RefuseTakenPorts()
    {
        foreach (var (validator, port) in folder.Plan.Ports())
        {
            using Socket probe = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            // What closed a moment ago still holds its port for a while; a listener may share it, and so may we.
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
        var watch = Stopwatch.StartNew();
        var waiting = folder.Validators.ToList();
        while (waiting.Count > 0)
        {
            RefuseDead();
            if (watch.Elapsed > ReadyLimit)
            {
                var late = waiting[0];
                throw new CliException(
                    $"{late.Plan.Name} is not ready after {ReadyLimit.TotalSeconds:0} s; the last lines of its log:\n"
                    + $"{late.LogTail()}\n", $"see {late.LogPath}", ExitCode.TimedOut);
            }

            List<DevnetValidator> still = [];
            foreach (var validator in waiting)
            {
                if (!await IsReadyAsync(http, validator, cancellationToken))
                {
                    still.Add(validator);
                }
            }

            waiting = still;
            if (waiting.Count > 0)
            {
                await Task.Delay(Poll, cancellationToken);
            }
        }
    }

    private static async Task<bool> IsReadyAsync(
        HttpClient http, DevnetValidator validator, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await http.GetAsync(new Uri(validator.Plan.HttpUrl, "readyz"), cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException
            && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
