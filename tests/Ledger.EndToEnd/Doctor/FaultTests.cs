using System.Diagnostics;
using System.Globalization;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.EndToEnd.Chaos;
using Ledger.EndToEnd.Harness;
using Ledger.EndToEnd.Monitoring;
using Ledger.Storage.Tests;

namespace Ledger.EndToEnd.Doctor;

/// <summary>
/// Each row of the fault table: a fault in a network of real validators, the doctor that names it, and the
/// alert that a real Prometheus finds true.
/// </summary>
public sealed class FaultTests
{
    private const string Strace = "/usr/bin/strace";
    private const string FakeTime = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
    private const int Seed = 6;

    [Theory]
    [InlineData(ConsensusMode.Pbft)]
    [InlineData(ConsensusMode.Raft)]
    public async Task A_network_that_is_well_is_well_at_rest_and_under_load(ConsensusMode mode)
    {
        using var network = await TestNetwork.StartAsync(mode, 4);
        await DoctorRun.IsWellAsync(network.Nodes);
        using var alerts = AlertWatch.Start(network.Nodes);
        await using Load load = new(network);
        await load.HearAsync(60);

        var under = await DoctorRun.OfAsync(network.Nodes);
        Assert.False(under.Finds("does_not_vote"), under.ToString());
        Assert.False(under.Finds("does_not_advance"), under.ToString());
        Assert.False(under.Finds("partition"), under.ToString());
        Assert.SkipWhen(alerts is null, AlertWatch.WhyNot);

        // Slow disks and votes that come last are what a busy machine may really have.
        var busy = new[] { FaultTable.SlowDisk.Alert, FaultTable.NeverVotes.Alert };
        Assert.Empty(
            (await alerts.TrueAsync()).Intersect(FaultTable.Rows.Select(row => row.Alert).Except(busy)));
    }

    [Theory]
    [InlineData(ConsensusMode.Pbft)]
    [InlineData(ConsensusMode.Raft)]
    public async Task A_killed_node_is_down_until_it_is_started(ConsensusMode mode)
    {
        using var network = TestNetwork.Create(4, mode);
        using var alerts = AlertWatch.Start(network.Nodes);
        await network.StartAllAsync();
        network.Nodes[3].Process.Kill();
        await IsNamedAsync(FaultTable.Killed, network, alerts);

        network.Nodes[3].Start();
        await DoctorRun.IsWellAsync(network.Nodes);
        await alerts!.IsNoLongerTrueAsync(FaultTable.Killed.Alert);
    }

    [Fact]
    public async Task The_others_are_asked_when_only_one_is_named()
    {
        using var network = await TestNetwork.StartAsync();
        network.Nodes[1].Process.Pause();

        var run = await DoctorRun.OfAsync(network.Nodes[0]);
        Assert.Equal(4, run.Document["nodes"]!.AsArray().Count + 1);
        network.Nodes[1].Process.Kill();
        await Eventually.HoldsAsync(
            "the one that nobody named is missed",
            async () => (await DoctorRun.OfAsync(network.Nodes[0])).Finds("node_down"));
    }

    [Fact]
    public async Task A_stopped_primary_stands_still()
    {
        using var network = TestNetwork.Create(4);
        using var alerts = AlertWatch.Start(network.Nodes);
        await network.StartAllAsync();
        network.Nodes[0].Process.Pause();
        await IsNamedAsync(FaultTable.Stopped, network, alerts);

        network.Nodes[0].Process.Resume();
        await DoctorRun.IsWellAsync(network.Nodes);
    }

    [Fact]
    public async Task Another_genesis_is_named()
    {
        using var network = TestNetwork.Create(4);
        var odd = network.Nodes[3];
        var other = network.GenesisAt(network.Genesis.Time.Plus(TimeSpan.FromSeconds(1)));
        File.WriteAllText(odd.GenesisPath, GenesisFile.Write(other));
        foreach (var node in network.Nodes)
        {
            node.Start();
        }

        using var alerts = AlertWatch.Start(network.Nodes);
        await network.Nodes[0].ReadyAsync();
        await IsNamedAsync(FaultTable.WrongGenesis, network, alerts);
    }

    [Fact]
    public async Task A_second_node_with_one_key_is_named_by_what_the_others_refuse()
    {
        using var network = TestNetwork.Create(4);
        using var alerts = AlertWatch.Start(network.Nodes);
        await network.StartAllAsync();
        var original = network.Nodes[3];
        using var twin = network.NewNode(
            original.Name, SigningKey.FromSeed(original.Key.ExportSeed()), Ports.FreeBlock(3));
        File.WriteAllText(twin.GenesisPath, GenesisFile.Write(network.Genesis));
        twin.WriteConfig(network.Nodes.Take(3));

        twin.Start();
        await IsNamedAsync(FaultTable.SharedKey, network, alerts);
    }

    [Fact]
    public async Task A_full_mempool_is_named()
    {
        using var network = await TestNetwork.StartAsync(
            4, "mempool.maxTransactions=200", "mempool.senderSharePercent=100",
            "consensus.maxBlockTransactions=1");
        using var alerts = AlertWatch.Start(network.Nodes);
        TestClient client = new(network);
        using CancellationTokenSource enough = new();
        var flood = FloodAsync(client, network.Nodes[0], enough.Token);

        await IsNamedAsync(FaultTable.MempoolFull, network, alerts);
        await enough.CancelAsync();
        await flood.ConfigureAwait(
            ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    [Fact]
    public async Task A_full_disk_is_named_before_it_ends_the_node()
    {
        using var network = TestNetwork.Create(4);
        using var disk = SmallDisk.TryMount(network.Nodes[3].DataPath);
        Assert.SkipWhen(disk is null, "mounting a small disk needs root");
        using var alerts = AlertWatch.Start(network.Nodes);
        await network.StartAllAsync();
        disk.Fill();
        await IsNamedAsync(FaultTable.DiskFull, network, alerts);
        network.Nodes[3].Process.Kill();
    }

    [Fact]
    public async Task A_parted_network_is_named_by_its_parts_and_is_well_when_they_meet_again()
    {
        using var network = TestNetwork.Create(4);
        await using FaultyNetwork lines = new(network.Nodes, Seed);
        using var alerts = AlertWatch.Start(network.Nodes);
        await network.StartAllAsync();
        lines.Part(node => node < 2);
        await IsNamedAsync(FaultTable.Partition, network, alerts);

        lines.Heal();
        await DoctorRun.IsWellAsync(network.Nodes);
        await alerts!.IsNoLongerTrueAsync(FaultTable.Partition.Alert);
    }

    [Fact]
    public async Task A_slow_disk_is_named()
    {
        Assert.SkipUnless(File.Exists(Strace), "a disk is made slow by strace");
        using var network = TestNetwork.Create(4);
        using var alerts = AlertWatch.Start(network.Nodes);
        await network.StartAllAsync();
        using var tracer = Process.Start(new ProcessStartInfo(
            Strace,
            [
                "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e",
                "inject=fsync,fdatasync:delay_exit=200000",
                "-p", network.Nodes[3].Process.Id.ToString(CultureInfo.InvariantCulture),
            ])
        { RedirectStandardError = true })!;
        try
        {
            await using Load load = new(network);
            await load.HearAsync(40);
            await IsNamedAsync(FaultTable.SlowDisk, network, alerts);
        }
        finally
        {
            tracer.Kill();
            await tracer.WaitForExitAsync();
        }
    }

    [Fact]
    public async Task A_clock_that_is_off_is_named()
    {
        Assert.SkipUnless(File.Exists(FakeTime), "a clock is set wrong by libfaketime");
        using var network = TestNetwork.Create(4);
        var odd = network.Nodes[3];
        odd.Environment["LD_PRELOAD"] = FakeTime;
        odd.Environment["FAKETIME"] = "-60s";
        odd.Environment["FAKETIME_DONT_FAKE_MONOTONIC"] = "1";
        using var alerts = AlertWatch.Start(network.Nodes);
        await network.StartAllAsync();

        await IsNamedAsync(FaultTable.ClockOff, network, alerts);
    }

    [Fact]
    public async Task A_validator_that_never_votes_is_named_though_it_seems_well()
    {
        using var network = TestNetwork.Create(4);
        await using FaultyNetwork lines = new(network.Nodes, Seed);
        using var alerts = AlertWatch.Start(network.Nodes);
        await network.StartAllAsync();
        lines.Mute(3);
        await using Load load = new(network);
        await load.HearAsync(40);

        await IsNamedAsync(FaultTable.NeverVotes, network, alerts);
        Assert.Equal("ready", (await network.Nodes[3].StatusAsync()).State);
    }

    [Fact]
    public void The_operations_page_has_this_very_table()
    {
        var page = File.ReadAllText(Path.Combine(Repository(), "docs/operations.md"));

        Assert.All(
            FaultTable.Rows, row => Assert.Contains(FaultTable.LineOf(row), page, StringComparison.Ordinal));
    }

    /// <summary>The doctor first: it must not need a Prometheus.</summary>
    private static async Task IsNamedAsync(FaultRow row, TestNetwork network, AlertWatch? alerts)
    {
        await DoctorRun.SaysAsync(row, network.Nodes);
        Assert.SkipWhen(alerts is null, AlertWatch.WhyNot);
        await alerts.IsTrueAsync(row.Alert);
    }

    private static string Repository()
    {
        for (var folder = AppContext.BaseDirectory; ; folder = Path.GetDirectoryName(folder)!)
        {
            if (File.Exists(Path.Combine(folder, "Ledger.sln")))
            {
                return folder;
            }
        }
    }

    private static async Task FloodAsync(TestClient client, TestNode node, CancellationToken stop)
    {
        for (var i = 0; ; i++)
        {
            await TestClient.SubmitAsync(
                node, wait: false, [.. Enumerable.Range(0, 200).Select(j => client.Put($"{i}/{j}", "flood"))],
                cancellationToken: stop);
        }
    }
}
