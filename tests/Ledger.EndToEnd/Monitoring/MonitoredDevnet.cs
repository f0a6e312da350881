using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Ledger.EndToEnd.Harness;

namespace Ledger.EndToEnd.Monitoring;

/// <summary>
/// A devnet with Prometheus beside it, started as a user starts it; gone when it is disposed.
/// </summary>
internal sealed class MonitoredDevnet : IAsyncDisposable
{
    private const int SigKill = 9;

    private readonly string _folder;
    private readonly string _key;

    private MonitoredDevnet(string folder, JsonElement announced)
    {
        _folder = folder;
        _key = announced.GetProperty("key").GetString()!;
        Validators =
        [
            .. announced.GetProperty("validators").EnumerateArray()
                .Select(validator => new Uri(validator.GetProperty("url").GetString()!)),
        ];
        Prometheus = new(new(announced.GetProperty("prometheus").GetString()!));
    }

    public Prometheus Prometheus { get; }

    public IReadOnlyList<Uri> Validators { get; }

    public static async Task<MonitoredDevnet> StartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("ledger-e2e-monitored-").FullName;
        var (exit, output, errors) = await LedgerProcess.RunAsync(
            "devnet", "--dir", Path.Combine(folder, "devnet"), "--base-port", $"{Ports.FreeBlock(40)}",
            "--detach",
            "--with-prometheus", "--json");
        Assert.True(exit == 0, errors);
        return new(folder, JsonDocument.Parse(output).RootElement);
    }

    /// <summary>Some seconds of work, so that every rate has something to show.</summary>
    public async Task WorkAsync(int seconds)
    {
        var (exit, _, errors) = await LedgerProcess.RunAsync(
            "bench", "--duration", $"{seconds}", "--clients", "2", "--rate", "200", "--key", _key, "--node",
            $"{Validators[0]}");
        Assert.True(exit == 0, errors);
    }

    /// <summary>As a crash would.</summary>
    public void Kill(int validator)
    {
        var file = Path.Combine(_folder, "devnet", $"validator-{validator + 1}", "node.pid");
        Assert.Equal(0, SendSignal(int.Parse(File.ReadAllText(file), CultureInfo.InvariantCulture), SigKill));
    }

    public async ValueTask DisposeAsync()
    {
        Prometheus.Dispose();
        var (exit, _, errors) = await LedgerProcess.RunAsync(
            "devnet", "stop", "--dir", Path.Combine(_folder, "devnet"));
        Assert.True(exit == 0, errors);
        Directory.Delete(_folder, recursive: true);
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int pid, int signal);
}
