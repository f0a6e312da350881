using System.Buffers.Binary;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Storage.Tests.Snapshots;

/// <summary>A snapshot's file, when it is not what was written.</summary>
public sealed class SnapshotFileTests : IDisposable
{
    private readonly SnapshotChain _chain = new();

    public SnapshotFileTests() => _chain.GrowLarge();

    public void Dispose() => _chain.Dispose();

    [Fact]
    public void A_file_that_is_cut_off_anywhere_is_refused()
    {
        var path = _chain.Snapshot();
        var whole = File.ReadAllBytes(path);
        var cut = _chain.PathOf("cut");
        foreach (var length in new[] { 0, 1, 15, 16, 40, whole.Length / 2, whole.Length - 1 })
        {
            File.WriteAllBytes(cut, whole[..length]);
            Assert.Throws<SnapshotException>(() => SnapshotFile.Open(cut));
        }

        File.WriteAllBytes(cut, [.. whole, 0]);
        Assert.Throws<SnapshotException>(() => SnapshotFile.Open(cut));
    }

    /// <summary>Every hash in it holds, and its chunks stand a byte from where they are looked for.</summary>
    [Fact]
    public void A_file_with_room_for_more_than_its_chunks_is_refused()
    {
        var path = _chain.Snapshot();
        var whole = File.ReadAllBytes(path);
        var end = whole.AsSpan(whole.Length - sizeof(ulong) - sizeof(int) - Digest.Size);
        var manifest = (int)BinaryPrimitives.ReadUInt64BigEndian(end);
        BinaryPrimitives.WriteUInt64BigEndian(end, (ulong)manifest + 1);
        File.WriteAllBytes(path, [.. whole[..manifest], 0, .. whole[manifest..]]);

        var failure = Assert.Throws<SnapshotException>(() => SnapshotFile.Open(path));

        Assert.Contains("does not hold the chunks", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_flipped_byte_is_found_wherever_it_is()
    {
        var path = _chain.Snapshot();
        var whole = File.ReadAllBytes(path);
        var damaged = _chain.PathOf("damaged");
        var chance = new Random(1);
        for (var i = 0; i < 60; i++)
        {
            // Half of them near the end, where the manifest is.
            var at = i % 2 == 0 ? chance.Next(whole.Length) : whole.Length - 1 - chance.Next(4_000);
            whole[at] ^= 0x10;
            File.WriteAllBytes(damaged, whole);
            whole[at] ^= 0x10;
            Assert.Throws<SnapshotException>(() => ReadAll(damaged));
        }
    }

    [Fact]
    public void A_newer_file_is_named_as_such_and_a_foreign_one_too()
    {
        var path = _chain.Snapshot();
        var bytes = File.ReadAllBytes(path);
        bytes[15] = (byte)'2';
        File.WriteAllBytes(path, bytes);
        Assert.Contains(
            "newer", Assert.Throws<SnapshotException>(() => SnapshotFile.Open(path)).Message,
            StringComparison.Ordinal);

        File.WriteAllText(path, "{ \"format\": \"ledger/receipt/v1\", \"genesis\": \"00\" }");
        Assert.Contains(
            "no snapshot", Assert.Throws<SnapshotException>(() => SnapshotFile.Open(path)).Message,
            StringComparison.Ordinal);
        Assert.Throws<SnapshotException>(() => SnapshotFile.Open(_chain.PathOf("missing")));
    }

    [Fact]
    public void A_snapshot_is_not_written_over_a_file_and_not_without_a_certificate()
    {
        var path = _chain.Snapshot();
        Assert.Throws<SnapshotException>(() => _chain.Snapshot());
        Assert.Equal(path, Assert.Single(Directory.GetFiles(Path.GetDirectoryName(path)!)));

        using var state = _chain.Store.Snapshot();
        SnapshotWriter writer = new(_chain.Genesis, state, TestContext.Current.CancellationToken);
        Assert.Throws<SnapshotException>(() => writer.Write(_chain.PathOf("b"), () => null));
        Assert.Throws<SnapshotException>(
            () => writer.Write(_chain.PathOf("c"), () => _chain.FinalityOf(state.Head!, 2)));
        Assert.Equal(path, Assert.Single(Directory.GetFiles(Path.GetDirectoryName(path)!)));
    }

    [Fact]
    public void A_full_disk_is_named_and_leaves_no_half_of_a_snapshot_nor_of_a_mark()
    {
        using var disk = SmallDisk.TryMount(_chain.PathOf("disk"));
        if (disk is null)
        {
            return;
        }

        // Less than a buffer: the last bytes go to the disk only when the file is closed.
        foreach (var left in new[] { 0, 100_000 })
        {
            disk.Fill(left);
            var failure = Assert.Throws<SnapshotException>(() => _chain.Snapshot("disk/a.snapshot"));
            Assert.Contains("No space left", failure.Message, StringComparison.Ordinal);
            Assert.False(failure.IsDamage);
            Assert.Equal(["ballast"], Directory.GetFileSystemEntries(disk.Path).Select(Path.GetFileName));
        }

        disk.Fill();
        Assert.Throws<DataFolderException>(() => RestoreMark.Set(disk.Path, "a snapshot"));
        Assert.Null(RestoreMark.In(disk.Path));
    }

    private static void ReadAll(string path)
    {
        using var snapshot = SnapshotFile.Open(path);
        for (var i = 0; i < snapshot.Manifest.ChunkCount; i++)
        {
            snapshot.ReadChunk(i);
        }
    }
}
