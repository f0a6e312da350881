using Ledger.Core;
using Ledger.Storage.Tests.Snapshots;

namespace Ledger.Storage.Tests;

public sealed class PruningTests : IDisposable
{
    private readonly SnapshotChain _chain = new();

    public void Dispose() => _chain.Dispose();

    [Fact]
    public void Bodies_go_and_headers_certificates_state_and_what_guards_against_replay_stay()
    {
        var young = Enumerable.Range(0, 6).Select(i => _chain.Put("small", $"{i}", [1])).ToArray();
        foreach (var transaction in young)
        {
            _chain.Grow(transaction);
        }

        _chain.Store.Prune(new(5));

        Assert.Equal(new(Height.Genesis, Height.Genesis, new(5)), _chain.Store.Kept);
        Assert.Null(_chain.Store.ReadBlock(new(4)));
        Assert.NotNull(_chain.Store.ReadBlock(new(5)));
        for (ulong height = 1; height <= 6; height++)
        {
            Assert.NotNull(_chain.Store.ReadHeader(new(height)));
            Assert.NotNull(_chain.Store.ReadCertificate(new(height)));
            Assert.True(_chain.Store.HoldsTransaction(young[height - 1].Hash));
        }

        Assert.Equal(7, _chain.Store.RecentHashes(100).Count);
        _chain.Grow(_chain.Put("small", "more", [1]));
    }

    [Fact]
    public void What_can_no_longer_be_valid_is_forgotten_and_a_snapshot_can_still_be_made()
    {
        var old = Enumerable.Range(0, 4).Select(i => _chain.Put("small", $"{i}", [1])).ToArray();
        foreach (var transaction in old)
        {
            _chain.Grow(transaction);
        }

        _chain.Wait(TimeSpan.FromDays(2));
        var young = _chain.Put("small", "young", [1]);
        _chain.Grow(young);

        _chain.Store.Prune(new(5));

        Assert.Equal(new(Height.Genesis, new(4), new(5)), _chain.Store.Kept);
        Assert.Equal(
            [false, false, false, true, true], old.Append(young).Select(
                t => _chain.Store.HoldsTransaction(t.Hash)));
        Assert.Null(_chain.Store.ReadReceipts(new(3)));
        Assert.NotNull(_chain.Store.ReadReceipts(new(4)));
        _chain.Snapshot();
    }

    [Fact]
    public void Older_versions_of_a_key_go_and_the_one_in_force_stays_however_old()
    {
        _chain.Grow(_chain.Put("small", "kept", [1]));
        _chain.Grow(_chain.Put("small", "changed", [1]));
        _chain.Grow(_chain.Put("small", "changed", [2]));
        _chain.Grow(_chain.Put("small", "changed", [3]));
        _chain.Grow(_chain.Put("small", "changed", [4]));

        _chain.Store.Prune(new(4));

        Assert.Equal([1UL], HeightsOf("kept"));
        Assert.Equal([5UL, 4UL], HeightsOf("changed"));
    }

    [Fact]
    public void The_disk_has_the_space_back()
    {
        for (var i = 0; i < 60; i++)
        {
            _chain.Grow([.. Enumerable.Range(0, 10).Select(_ => _chain.Put("small", "one", Noise()))]);
        }

        // Pruning a little brings all the rest from memory to the disk.
        _chain.Store.Prune(new(2));
        var before = BytesOnDisk();
        _chain.Store.Prune(new(60));
        var after = BytesOnDisk();

        Assert.True(after < before / 4, $"{after} bytes are left of {before}");
    }

    [Fact]
    public void What_is_kept_is_known_after_reopening_and_pruning_again_below_it_does_nothing()
    {
        _chain.GrowLarge();
        _chain.Store.Prune(new(3));
        var kept = _chain.Store.Kept;
        _chain.Store.Prune(new(2));
        Assert.Equal(kept, _chain.Store.Kept);

        _chain.Store.Dispose();
        using var again = LedgerStore.Open(
            _chain.Folder.Root, _chain.Genesis.Hash, _chain.Genesis.ChainId, StorageOptions.Default);
        Assert.Equal(kept, again.Kept);
    }

    private static byte[] Noise()
    {
        var bytes = new byte[20_000];
        Random.Shared.NextBytes(bytes);
        return bytes;
    }

    private long BytesOnDisk()
        => new DirectoryInfo(Path.Combine(_chain.Folder.Root, "ledger")).EnumerateFiles("*.sst").Sum(
            file => file.Length);

    private ulong[] HeightsOf(string key)
        => [.. _chain.Store.ReadHistory(StateKey.ForEntry("small", key), 10)
            .Select(version => version.Height.Value)];
}
