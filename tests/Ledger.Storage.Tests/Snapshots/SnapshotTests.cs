using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Storage.Tests.Snapshots;

public sealed class SnapshotTests : IDisposable
{
    private static readonly PublicKey Late = SigningKey.FromSeed(Sha256.Hash([77]).ToArray()).PublicKey;

    private static readonly Operation AddsOne = new Operation.AddValidator("late", Late, "late:7000");

    private readonly SnapshotChain _chain = new();

    public SnapshotTests() => _chain.GrowLarge();

    public void Dispose() => _chain.Dispose();

    [Fact]
    public void A_restored_ledger_has_the_state_the_head_and_the_memory_against_replay()
    {
        var put = _chain.Put("small", "again", [9]);
        _chain.Grow(put);

        using var folder = RestoreInto("restored", _chain.Snapshot());

        using var store = Open(folder);
        Assert.Equal(_chain.Store.HeadHash, store.HeadHash);
        Assert.Equal(
            _chain.Store.ReadStateRange([]).Select(
                e => (Convert.ToHexString(e.Key), Convert.ToHexString(e.Value))),
            store.ReadStateRange([]).Select(e => (Convert.ToHexString(e.Key), Convert.ToHexString(e.Value))));
        Assert.Equal(_chain.Store.FindTransaction(put.Hash), store.FindTransaction(put.Hash));
        Assert.Null(store.ReadBlock(store.Head!.Height));
        Assert.Equal(new(new(1), new(1), store.Head.Height.Next), store.Kept);
        Assert.NotNull(store.ReadCertificate(store.Head.Height));
        Assert.Equal(5, store.RecentHashes(256).Count);

        LedgerMachine machine = new(_chain.Genesis, store);
        var next = _chain.Put("small", "next", [8]);
        var block = _chain.Machine.Propose(
            _chain.Machine.HeadHash, [put, next], new(1_700_000_000_000), new(0), 10, 1000)!;
        Assert.Equal([next], block.Transactions);
        Assert.Null(machine.Validate(block, null, _ => true));
        machine.Finalise([block], []);
        Assert.Equal(block.Hash, store.HeadHash);
    }

    /// <summary>
    /// The changes lie below the blocks that came along; what stands on them must be shown.
    /// </summary>
    [Fact]
    public void A_restored_ledger_knows_its_epoch_and_every_change_of_validators_with_its_certificate()
    {
        var removal = _chain.Grow(_chain.Sign(RemovesTheLast()));
        _chain.Grow(_chain.Put("small", "between", [1]));
        var addition = _chain.Grow(_chain.Sign(AddsOne));
        _chain.Wait(TimeSpan.FromDays(2));
        _chain.Grow(_chain.Put("small", "after", [1]));
        _chain.Wait(TimeSpan.FromDays(2));
        _chain.Grow(_chain.Put("small", "later", [1]));

        using var folder = RestoreInto("restored", _chain.Snapshot());

        using var store = Open(folder);
        LedgerMachine machine = new(_chain.Genesis, store);
        Assert.True(store.Kept.Headers > addition.Height);
        Assert.Equal(2UL, machine.Epoch.Number);
        Assert.Equal(_chain.Machine.Epoch.Start, machine.Epoch.Start);
        Assert.Equal(_chain.Machine.Epoch.Validators.Hash, machine.Epoch.Validators.Hash);
        Assert.Equal("late:7000", machine.Epoch.Validators[new(4)].Address);
        foreach (var change in (Block[])[removal, addition])
        {
            Assert.Equal(change.Header, store.ReadHeader(change.Height));
            Assert.Equal(change.Hash, store.ReadCertificate(change.Height)?.Subject.Block);
        }

        using var state = store.Snapshot();
        var again = new SnapshotWriter(_chain.Genesis, state, TestContext.Current.CancellationToken)
            .Write(_chain.PathOf("b.snapshot"), _chain.HeadFinality);
        Assert.Null(again.FaultIn(_chain.Genesis));
    }

    [Fact]
    public void The_block_of_a_snapshot_may_be_the_one_that_changed_the_validators()
    {
        _chain.Grow(_chain.Sign(RemovesTheLast()));

        using var folder = RestoreInto("restored", _chain.Snapshot());

        using var store = Open(folder);
        LedgerMachine machine = new(_chain.Genesis, store);
        Assert.Equal(_chain.Machine.Epoch.Start, machine.Epoch.Start);
        Assert.NotNull(store.ReadCertificate(machine.Head.Height));
    }

    [Fact]
    public void A_snapshot_that_leaves_a_change_of_validators_out_is_not_put_in_place()
    {
        _chain.Grow(_chain.Sign(RemovesTheLast()));
        _chain.Grow(_chain.Sign(AddsOne));
        _chain.Grow(_chain.Put("small", "after", [1]));
        using var snapshot = SnapshotFile.Open(_chain.Snapshot());
        var cut = snapshot.Manifest with
        {
            Finality = snapshot.Manifest.Finality with { Changes = [snapshot.Manifest.Finality.Changes[0]] },
        };
        Assert.NotNull(cut.FaultIn(_chain.Genesis));

        using var folder = DataFolder.Open(
            _chain.PathOf("restored"), _chain.Genesis.ChainId, _chain.Genesis.Hash);
        using var restore = SnapshotRestore.Begin(folder.Root, _chain.Genesis, cut);
        for (var i = 0; i < cut.ChunkCount; i++)
        {
            Assert.Null(restore.Accept(i, snapshot.ReadChunk(i)));
        }

        var failure = Assert.Throws<SnapshotException>(restore.Finish);
        Assert.Contains("changed the validators", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_ledgers_of_one_chain_make_the_same_chunks()
    {
        using var folder = RestoreInto("restored", _chain.Snapshot());
        using var store = Open(folder);
        using var state = store.Snapshot();
        using var first = SnapshotFile.Open(_chain.PathOf("a.snapshot"));

        var second = new SnapshotWriter(_chain.Genesis, state, TestContext.Current.CancellationToken)
            .Write(_chain.PathOf("b.snapshot"), _chain.HeadFinality);

        Assert.True(first.Manifest.State.Count > 16);
        Assert.Equal(first.Manifest.ContentHash(), second.ContentHash());
        Assert.Equal(first.Manifest.State, second.State);
    }

    [Fact]
    public void Only_blocks_whose_transactions_may_still_be_valid_come_along()
    {
        _chain.Wait(TimeSpan.FromDays(2));
        var last = _chain.Grow(_chain.Put("small", "late", [1]));
        using var snapshot = SnapshotFile.Open(_chain.Snapshot());

        Assert.Equal(last.Height.Previous, snapshot.Manifest.History[0].From);
        Assert.Null(snapshot.Manifest.FaultIn(0, snapshot.ReadChunk(0)));

        // The same without the block that shows that the one above it is the oldest that matters.
        Assert.True(HistoryChunk.TryDecode(snapshot.ReadChunk(0), out var history, out _));
        var cut = new HistoryChunk([history.Blocks[^1]]).Encode();
        var part = snapshot.Manifest.History[0] with
        {
            From = last.Height,
            Below = last.Parent,
            Chunk = ChunkId.Of(cut),
        };
        var shorter = snapshot.Manifest with { History = [part] };
        Assert.Null(shorter.FaultIn(_chain.Genesis));
        Assert.Contains("may still be valid", shorter.FaultIn(0, cut), StringComparison.Ordinal);
    }

    private Operation.RemoveValidator RemovesTheLast() => new(_chain.Genesis.Validators[new(3)].PublicKey);

    [Fact]
    public void What_changed_the_validators_comes_along_however_old()
    {
        var change = _chain.Grow(
            _chain.Sign(new Operation.AddValidator("v4", SnapshotChain.Key(5).PublicKey, "host:1")));
        _chain.Grow(_chain.Put("small", "old", [1]));
        _chain.Wait(TimeSpan.FromDays(2));
        _chain.Grow(_chain.Put("small", "young", [1]));
        var history = ValidatorHistory.Read(_chain.Genesis, key => _chain.Store.ReadState(key));
        CertifiedChange certified = new(
            change.Header, View.Zero, _chain.FinalityOf(change.Header, 3).Signers, history.ChangesOf(1));
        using (var state = _chain.Store.Snapshot())
        {
            new SnapshotWriter(_chain.Genesis, state, TestContext.Current.CancellationToken).Write(
                _chain.PathOf("a.snapshot"),
                    () => _chain.FinalityOf(state.Head!, 4) with { Changes = [certified] });
        }

        using var folder = RestoreInto("restored", _chain.PathOf("a.snapshot"));

        using var store = Open(folder);
        Assert.True(store.Kept.Headers > change.Height);
        Assert.Equal(change.Header, store.ReadHeader(change.Height));
        Assert.Equal(change.Height, store.FindBlock(change.Hash));
        Assert.Equal(certified.Signers, store.ReadCertificate(change.Height)!.Signers);
        Assert.Equal(1UL, new LedgerMachine(_chain.Genesis, store).Epoch.Number);
    }

    [Fact]
    public void A_chunk_with_an_entry_missing_added_or_changed_is_refused()
    {
        using var snapshot = SnapshotFile.Open(_chain.Snapshot());
        var manifest = snapshot.Manifest;
        var refused = 0;
        for (var i = manifest.History.Count; i < manifest.ChunkCount; i++)
        {
            Assert.True(StateChunk.TryDecode(snapshot.ReadChunk(i), out var chunk, out _));
            if (chunk.Entries.Count == 0)
            {
                continue;
            }

            var (key, value) = chunk.Entries[0];
            byte[] another = [.. key[..^1], (byte)(key[^1] ^ 1)];
            foreach (var entries in new (byte[], byte[])[][]
            {
                [.. chunk.Entries.Skip(1)], [.. chunk.Entries, (another, value)],
                [(another, value), .. chunk.Entries.Skip(1)],
                [(key, [.. value, 0]), .. chunk.Entries.Skip(1)], [.. chunk.Entries, (key, value)],
            })
            {
                Assert.NotNull(manifest.FaultIn(i, (chunk with { Entries = entries }).Encode()));
                refused++;
            }
        }

        Assert.True(refused > 50);
    }

    [Fact]
    public void A_chunk_of_history_with_a_receipt_or_header_missing_or_changed_is_refused()
    {
        using var snapshot = SnapshotFile.Open(_chain.Snapshot());
        Assert.True(HistoryChunk.TryDecode(snapshot.ReadChunk(0), out var chunk, out _));
        for (var i = 0; i < chunk.Blocks.Count; i++)
        {
            var (header, receipts) = chunk.Blocks[i];
            AssertRefused((header, [.. receipts.Skip(1)]), i);
            AssertRefused((header, [.. receipts, receipts[0]]), i);
            AssertRefused(
                (header, [receipts[0] with { Failure = FailureReason.Overflow }, .. receipts.Skip(1)]), i);
            AssertRefused((header with { Time = header.Time.Plus(TimeSpan.FromDays(-3)) }, receipts), i);
        }

        var without = new HistoryChunk([.. chunk.Blocks.Skip(1)]);
        Assert.NotNull(snapshot.Manifest.FaultIn(0, without.Encode()));

        void AssertRefused((BlockHeader, IReadOnlyList<Receipt>) block, int at)
        {
            (BlockHeader, IReadOnlyList<Receipt>)[] blocks = [.. chunk.Blocks];
            blocks[at] = block;
            Assert.NotNull(snapshot.Manifest.FaultIn(0, new HistoryChunk(blocks).Encode()));
        }
    }

    [Fact]
    public void A_manifest_that_proves_too_little_is_refused()
    {
        using var snapshot = SnapshotFile.Open(_chain.Snapshot());
        var good = snapshot.Manifest;
        using SnapshotChain other = new("another");

        Assert.Null(good.FaultIn(_chain.Genesis));
        AssertFault("genesis", good, other.Genesis);
        AssertFault("are a quorum", good with { Finality = _chain.FinalityOf(_chain.Store.Head!, 2) });
        AssertFault(
            "are a quorum",
            good with { Finality = good.Finality with { Signers = [.. good.Finality.Signers.Skip(1)] } });
        AssertFault("not valid", good with
        {
            Finality = good.Finality with { Header = good.Header with { StateRoot = Digest.Zero } },
        });
        AssertFault("whole state", good with { State = [.. good.State.Skip(1)] });
        AssertFault("whole state", good with { State = [.. good.State.Take(good.State.Count - 1)] });
        AssertFault("whole state", good with { State = [.. good.State, good.State[^1]] });
        AssertFault(
            "whole state", good with { State = [good.State[1], good.State[0], .. good.State.Skip(2)] });
        AssertFault("whole state", good with { State = [] });
        AssertFault("history", good with { History = [] });
        AssertFault("history", good with { History = [good.History[0] with { To = good.Height.Previous }] });
        AssertFault("history", good with { History = [good.History[0] with { Top = Digest.Zero }] });
        AssertFault("history", good with { History = [good.History[0] with { From = Height.Genesis }] });
        AssertFault("history", good with { History = [good.History[0], good.History[0]] });

        void AssertFault(string words, SnapshotManifest manifest, Genesis? genesis = null)
            => Assert.Contains(words, manifest.FaultIn(genesis ?? _chain.Genesis), StringComparison.Ordinal);
    }

    [Fact]
    public void A_ledger_that_was_being_put_in_place_is_put_in_place()
    {
        using var folder = RestoreInto("restored", _chain.Snapshot());

        // As a crash between the mark and the exchange leaves it, with an older ledger still there.
        var root = folder.Root;
        Directory.Move(Path.Combine(root, "ledger"), Path.Combine(root, "ledger.incoming"));
        File.WriteAllText(Path.Combine(root, "ledger.incoming.whole"), "");
        Directory.CreateDirectory(Path.Combine(root, "ledger"));
        File.WriteAllText(Path.Combine(root, "ledger", "older"), "");

        IncomingLedger.Settle(root);
        IncomingLedger.Settle(root);

        using var store = Open(folder);
        Assert.Equal(_chain.Store.HeadHash, store.HeadHash);
        Assert.False(File.Exists(Path.Combine(root, "ledger", "older")));

        // A mark that stayed would pass the next unfinished one off as whole.
        Assert.False(File.Exists(Path.Combine(root, "ledger.incoming.whole")));
    }

    private DataFolder RestoreInto(string name, string path)
    {
        using var snapshot = SnapshotFile.Open(path);
        var folder = DataFolder.Open(_chain.PathOf(name), _chain.Genesis.ChainId, _chain.Genesis.Hash);
        _chain.RestoreAll(snapshot, folder.Root);
        return folder;
    }

    private LedgerStore Open(DataFolder folder)
        => LedgerStore.Open(folder.Root, _chain.Genesis.Hash, _chain.Genesis.ChainId, StorageOptions.Default);
}
