using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Ledger.EndToEnd.Harness;

namespace Ledger.EndToEnd;

/// <summary>
/// A devnet whose validators were not stopped but killed: the next start mends what it finds.
/// </summary>
public sealed class DevnetTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ledger-e2e-devnet-").FullName;
    private readonly int _port = Ports.FreeBlock(20);

    private string Dir => Path.Combine(_folder, "devnet");

    public void Dispose()
    {
        foreach (var pid in Pids())
        {
            Kill(pid);
        }

        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_second_start_brings_back_the_dead_and_leaves_the_living_alone()
    {
        await StartAsync();
        var before = Pids();
        var (down, _) = await StatusAfterKillingAsync(before[1]);
        Assert.Contains("stopped", down, StringComparison.Ordinal);
        Assert.DoesNotContain("height \n", down, StringComparison.Ordinal);

        var said = await StartAsync();

        Assert.Contains("starting what does not run: validator-2", said, StringComparison.Ordinal);
        var after = Pids();
        Assert.Equal(before[0], after[0]);
        Assert.NotEqual(before[1], after[1]);
        var (exit, output, _) = await LedgerProcess.RunAsync("devnet", "status", "--dir", Dir);
        Assert.True(exit == 0, output);

        // The folder knows what it was made with; what is said otherwise must not be passed over.
        var (again, _, errors) = await LedgerProcess.RunAsync("devnet", "--dir", Dir, "--detach");
        Assert.Equal(1, again);
        Assert.Contains("is running; stop it with", errors, StringComparison.Ordinal);
        (again, _, errors) = await LedgerProcess.RunAsync("devnet", "--dir", Dir, "--mode", "raft");
        Assert.Equal(1, again);
        Assert.Contains("made with --validators 2 --mode pbft", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_of_them_killed_start_again_as_soon_as_the_dying_let_go_of_their_data()
    {
        await StartAsync();
        foreach (var pid in Pids())
        {
            Kill(pid);
        }

        // How long the system takes to bury them is not ours to say, so another holds the data in their
        // place.
        FileStream? held = null;
        await Eventually.HoldsAsync("the dead let go", () =>
        {
            held = new(
                Path.Combine(Dir, "validator-1", "data", "lock"), FileMode.Open, FileAccess.Read,
                FileShare.None);
            return Task.FromResult(true);
        });
        using var start = LedgerProcess.Start(Arguments());
        await start.SaysAsync("is still held by a process that ends");
        held!.Dispose();

        Assert.Equal(0, await start.ExitAsync());
    }

    [Fact]
    public async Task Ctrl_C_stops_all_of_them_and_is_an_interruption()
    {
        using var devnet = LedgerProcess.Start(Arguments().Where(argument => argument != "--detach"));
        await devnet.SaysAsync("2 of 2 ready");

        // As 'timeout -s INT' does: the process, then its group. That is one Ctrl-C.
        devnet.Interrupt();
        devnet.Interrupt();

        Assert.Equal(130, await devnet.ExitAsync());
        Assert.Contains("stopped; its chain goes on with", devnet.Errors, StringComparison.Ordinal);
        Assert.All(Pids(), pid => Assert.False(Runs(pid)));
    }

    private string[] Arguments()
        => ["devnet", "--dir", Dir, "--validators", "2", "--base-port", $"{_port}", "--detach"];

    private async Task<string> StartAsync()
    {
        var (exitCode, output, errors) = await LedgerProcess.RunAsync(Arguments());
        Assert.True(exitCode == 0, $"{output}\n{errors}");
        return errors;
    }

    private async Task<(string Output, JsonElement Second)> StatusAfterKillingAsync(int pid)
    {
        Kill(pid);
        var (exitCode, output, _) = await LedgerProcess.RunAsync("devnet", "status", "--dir", Dir);
        Assert.Equal(1, exitCode);
        var (_, lines, _) = await LedgerProcess.RunAsync("devnet", "status", "--dir", Dir, "--json");
        return (output, JsonDocument.Parse(lines.Split('\n')[1]).RootElement);
    }

    private int[] Pids() =>
    [
        .. Enumerable.Range(1, 2).Select(i => Path.Combine(Dir, $"validator-{i}", "node.pid"))
            .Where(File.Exists)
            .Select(file => int.Parse(File.ReadAllText(file), CultureInfo.InvariantCulture)),
    ];

    /// <summary>One that has ended may lie there a moment until the system has buried it.</summary>
    private static bool Runs(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/stat").Split(')')[^1].TrimStart() is not ['Z' or 'X', ..];
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>As kill -9 does, and waits for nothing.</summary>
    private void Kill(int pid)
    {
        try
        {
            // A number may belong to somebody else by now.
            if (File.ReadAllText($"/proc/{pid}/cmdline").Contains(_folder, StringComparison.Ordinal))
            {
                using var process = Process.GetProcessById(pid);
                process.Kill();
            }
        }
        catch (Exception exception)
            when (exception is IOException or ArgumentException or InvalidOperationException)
        {
            // It has ended.
        }
    }
}
