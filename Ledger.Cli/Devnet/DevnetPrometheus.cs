using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Ledger.Cli.Network;
using Ledger.Cli.Shell;

namespace Ledger.Cli.Devnet;

/// <summary>
/// A Prometheus beside a devnet, which scrapes its validators every second under the rules and alerts that
/// ship with the ledger. The program itself is the system's.
/// </summary>
internal sealed class DevnetPrometheus
{
    private const string Program = "prometheus";
    private const int SigTerm = 15;
    private const int SigKill = 9;

    /// <summary>
    /// Above the first validator's HTTP port: 9095 by default, since Debian's own service has 9090.
    /// </summary>
    private const int PortOffset = 1015;

    private static readonly string[] RuleFiles = ["rules.yml", "alerts.yml"];
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    private readonly DevnetFolder _folder;
    private readonly string _home;
    private readonly DetachedProcess _process;
    private readonly int _port;

    public DevnetPrometheus(DevnetFolder folder)
    {
        _folder = folder;
        _home = Path.Combine(folder.Path, "prometheus");
        _port = folder.Settings.BasePort + PortOffset;
        _process = new(_home, Program, ConfigArgument);
    }

    public Uri Url => new($"http://127.0.0.1:{_port}/");

    private string ConfigPath => Path.Combine(_home, "prometheus.yml");

    private string ConfigArgument => $"--config.file={ConfigPath}";

    /// <summary>Before anything is started: says what is missing, where it is.</summary>
    public static void RefuseMissing(Terminal terminal)
    {
        if (Find(terminal.Variable("PATH") ?? "") is null)
        {
            throw new CliException(
                "Prometheus is not installed", "apt-get install prometheus, or leave out --with-prometheus");
        }
    }

    /// <summary>It answers when this returns.</summary>
    public async Task StartAsync(Terminal terminal, CancellationToken cancellationToken)
    {
        RefuseMissing(terminal);
        await StopAsync();
        RefuseTakenPort();
        WriteFiles();
        using var process = _process.Start(
        [
            Find(terminal.Variable("PATH") ?? "")!, ConfigArgument,
            $"--storage.tsdb.path={Path.Combine(_home, "data")}",
            $"--web.listen-address=127.0.0.1:{_port}", "--storage.tsdb.retention.time=1d",
        ]);
        await WaitUntilReadyAsync(cancellationToken);
    }

    /// <summary>Does nothing where none runs.</summary>
    public async Task StopAsync()
    {
        _process.Send(SigTerm);
        while (!await Polling.UntilAsync(
            () => Task.FromResult(_process.RunningPid() is null), Poll, StopLimit, CancellationToken.None))
        {
            _process.Send(SigKill);
        }
    }

    internal static string? Find(string searchPath)
        => searchPath.Split(':', StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, Program)).FirstOrDefault(File.Exists);

    internal static string Configuration(IEnumerable<ValidatorPlan> validators) => $"""
        # Written by 'ledger devnet --with-prometheus'.
        global:
          scrape_interval: 1s
          evaluation_interval: 1s
        rule_files: [{string.Join(", ", RuleFiles)}]
        scrape_configs:
          - job_name: ledger
            static_configs:
              - targets: [{string.Join(", ", validators.Select(v => $"'{v.HttpUrl.Authority}'"))}]

        """;

    private void WriteFiles()
    {
        Directory.CreateDirectory(_home);
        File.WriteAllText(ConfigPath, Configuration(_folder.Plan.Validators));
        foreach (var name in RuleFiles)
        {
            using var rules = typeof(DevnetPrometheus).Assembly.GetManifestResourceStream(name)!;
            using var file = File.Create(Path.Combine(_home, name));
            rules.CopyTo(file);
        }
    }

    private void RefuseTakenPort()
    {
        using Socket probe = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        try
        {
            probe.Bind(new IPEndPoint(IPAddress.Loopback, _port));
            probe.Listen();
        }
        catch (SocketException)
        {
            throw new CliException(
                $"port {_port}, which Prometheus needs, is in use",
                "stop what uses it, or choose another --base-port");
        }
    }

    private async Task WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        using HttpClient http = new() { Timeout = TimeSpan.FromSeconds(2) };
        await Polling.UntilAsync(
            async () => await IsReadyAsync(http, cancellationToken) || _process.RunningPid() is null,
            Poll, ReadyLimit, cancellationToken);
        if (!await IsReadyAsync(http, cancellationToken))
        {
            throw new CliException(
                $"Prometheus did not start; the last lines of its log:\n{_process.LogTail()}\n",
                $"see {_process.LogPath}");
        }
    }

    private async Task<bool> IsReadyAsync(HttpClient http, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await http.GetAsync(new Uri(Url, "-/ready"), cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException
            && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
