using System.Text;
using System.Text.Json.Nodes;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Storage.Tests.Snapshots;

namespace Ledger.Storage.Tests.Backups;

public sealed class BackupTests : IDisposable
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch;

    private readonly SnapshotChain _chain = new();
    private readonly BackupFolder _backups;

    public BackupTests()
    {
        _chain.GrowLarge();
        _backups = new(_chain.PathOf("backups"));
    }

    public void Dispose() => _chain.Dispose();

    [Fact]
    public void A_backup_restored_is_the_ledger_of_its_moment()
    {
        var (name, manifest, _) = Add();
        var hash = _chain.Store.HeadHash;
        _chain.Grow(_chain.Put("small", "later", [1]));

        Assert.Null(_backups.Read(name).FaultIn(_chain.Genesis));
        Assert.Null(_backups.FaultIn(manifest, (_, _) => { }, TestContext.Current.CancellationToken));
        Restore(manifest, "restored");

        using var store = LedgerStore.Open(
            _chain.PathOf("restored"), _chain.Genesis.Hash, _chain.Genesis.ChainId, StorageOptions.Default);
        Assert.Equal(hash, store.HeadHash);
        Assert.NotNull(store.ReadBlock(new(1)));
        Assert.Equal(hash, new LedgerMachine(_chain.Genesis, store).HeadHash);
    }

    [Fact]
    public void The_next_backup_adds_only_what_is_new()
    {
        var (_, first, firstBytes) = Add();
        Assert.Equal(first.Bytes, firstBytes);
        _chain.Grow(_chain.Put("small", "later", [1]));

        var (_, second, secondBytes) = Add();

        Assert.Equal(2, _backups.Names.Count);
        Assert.True(secondBytes < firstBytes / 10, $"{secondBytes} of {second.Bytes} bytes were new");
        Restore(second, "restored");
    }

    [Fact]
    public void A_damaged_missing_or_foreign_part_is_named_and_nothing_is_put_in_place()
    {
        var (name, manifest, _) = Add();
        var largest = manifest.Files.MaxBy(file => file.Bytes)!;
        var path = Path.Combine(_chain.PathOf("backups"), "objects", largest.Hash);
        var bytes = File.ReadAllBytes(path);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(path, bytes);
        AssertUseless(manifest, "damaged");

        File.WriteAllBytes(path, bytes[..^1]);
        AssertUseless(manifest, "damaged");

        File.Delete(path);
        AssertUseless(manifest, "missing");

        using SnapshotChain other = new("another");
        Assert.Contains("genesis", manifest.FaultIn(other.Genesis), StringComparison.Ordinal);

        var list = Path.Combine(_chain.PathOf("backups"), "backups", name + ".json");
        File.WriteAllText(
            list, File.ReadAllText(list).Replace("\"height\": ", "\"height\": 1", StringComparison.Ordinal));
        Assert.Throws<BackupException>(() => _backups.Read(name));
        Assert.Throws<BackupException>(() => _backups.Read("none"));
    }

    [Fact]
    public void A_ledger_that_is_not_the_one_of_the_list_is_not_put_in_place()
    {
        var (_, manifest, _) = Add();
        using SnapshotChain other = new("another");

        AssertNotRestored(manifest with { Height = manifest.Height + 1 }, _chain.Genesis);
        AssertNotRestored(manifest with { Head = other.Genesis.Block.Hash.ToString() }, _chain.Genesis);
        AssertNotRestored(manifest, other.Genesis);

        void AssertNotRestored(BackupManifest listed, Genesis genesis)
        {
            var root = _chain.PathOf(genesis.ChainId);
            using var folder = DataFolder.Open(root, genesis.ChainId, genesis.Hash);
            var failure = Assert.Throws<BackupException>(() => _backups.Restore(
                listed, root, genesis, (_, _) => { }, TestContext.Current.CancellationToken));
            Assert.Contains("not the one that it says", failure.Message, StringComparison.Ordinal);
            Assert.False(Directory.Exists(Path.Combine(root, "ledger")));
        }
    }

    /// <summary>Whoever can write a list can also write its hash into its name.</summary>
    [Theory]
    [InlineData("\"name\": \"../../evil\"")]
    [InlineData("\"name\": \"..\"")]
    [InlineData("\"name\": \"\"")]
    [InlineData("\"name\": null")]
    [InlineData("\"hash\": null")]
    [InlineData("\"hash\": \"../../../../../../../../../../../../../../../../../../../../etc/pass\"")]
    [InlineData("\"bytes\": -1")]
    public void A_list_that_names_anything_but_plain_files_is_refused(string field)
    {
        var (name, _, _) = Add();
        var list = Path.Combine(_chain.PathOf("backups"), "backups", name + ".json");
        var files = JsonNode.Parse(File.ReadAllBytes(list))!;
        var one = JsonNode.Parse($"{{ {field} }}")!.AsObject().Single();
        files["files"]![0]![one.Key] = one.Value?.DeepClone();
        AssertRefused(files);

        files["files"]![0] = null;
        AssertRefused(files);
        files["files"]![0] = files["files"]![1]!.DeepClone();
        AssertRefused(files);

        void AssertRefused(JsonNode changed)
        {
            var bytes = Encoding.UTF8.GetBytes(changed.ToJsonString());
            var named = name[..(name.LastIndexOf('-') + 1)] + Sha256.Hash(bytes).ToString()[..16];
            File.WriteAllBytes(Path.Combine(_chain.PathOf("backups"), "backups", named + ".json"), bytes);
            Assert.True(Assert.Throws<BackupException>(() => _backups.Read(named)).IsDamage);
        }
    }

    [Fact]
    public void A_backup_does_not_hold_a_journal()
    {
        using var journal = ConsensusJournal.Open(_chain.Folder.Root, _chain.Genesis.Hash, Sample.Validator);
        var (_, manifest, _) = Add();
        var root = _chain.PathOf("restored");
        Restore(manifest, "restored");

        Assert.Equal(
            ["ledger", "ledger.json", "lock"],
            Directory.GetFileSystemEntries(root).Select(Path.GetFileName).Order());
    }

    private (string Name, BackupManifest Manifest, long NewBytes) Add()
    {
        var checkpoint = LedgerCheckpoint.Make(_chain.Store, _chain.Folder.Root);
        var head = _chain.Store.Head!;
        var added = _backups.Add(
            checkpoint, _chain.Genesis, () => (head, _chain.HeadFinality()), Now.AddSeconds(
                _backups.Names.Count));
        LedgerCheckpoint.Remove(_chain.Folder.Root);
        return added;
    }

    private void Restore(BackupManifest manifest, string name)
    {
        using var folder = DataFolder.Open(_chain.PathOf(name), _chain.Genesis.ChainId, _chain.Genesis.Hash);
        _backups.Restore(
            manifest, folder.Root, _chain.Genesis, (_, _) => { }, TestContext.Current.CancellationToken);
    }

    private void AssertUseless(BackupManifest manifest, string words)
    {
        Assert.Contains(
            words, _backups.FaultIn(manifest, (_, _) => { }, TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
        Assert.Throws<BackupException>(() => Restore(manifest, "restored"));
        Assert.False(Directory.Exists(Path.Combine(_chain.PathOf("restored"), "ledger")));
    }
}
