using System.Globalization;
using System.Text;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Storage.Tests;

/// <summary>
/// A chain that can be predicted: the block at each height, from 1, has three transactions and writes its
/// height under "counter", a new key of its own, and removes the key of the block before. The state tree is
/// the real one.
/// </summary>
internal static class SampleChain
{
    public const int TransactionsPerBlock = 3;

    private const int PayloadBytes = 8 * 1024;

    private static readonly SigningKey Sender = SigningKey.FromSeed(new byte[SigningKey.SeedSize]);

    public static byte[] Counter => Encoding.UTF8.GetBytes("counter");

    public static byte[] KeyOf(Height height) => Encoding.UTF8.GetBytes($"height {height}");

    public static byte[] ValueOf(Height height) => Encoding.UTF8.GetBytes(height.ToString());

    /// <summary>The block that comes next in a store, with everything it changes.</summary>
    public static FinalBlock After(ILedgerStore store)
        => After(store.Head, StateTree.Open(store, store.Head?.StateRoot ?? Digest.Zero));

    /// <summary>Several blocks in a row, as one append may carry them.</summary>
    public static IReadOnlyList<FinalBlock> After(ILedgerStore store, int count)
    {
        var parent = store.Head;
        var tree = StateTree.Open(store, parent?.StateRoot ?? Digest.Zero);
        var blocks = new List<FinalBlock>();
        for (var i = 0; i < count; i++)
        {
            blocks.Add(After(parent, tree));
            parent = blocks[^1].Block.Header;
            tree = tree.Update(ChangesOf(WritesOf(parent.Height)));
        }

        return blocks;
    }

    public static void Grow(LedgerStore store, int blocks)
    {
        for (var i = 0; i < blocks; i++)
        {
            store.Append([After(store)]);
        }
    }

    public static Transaction TransactionAt(Height height, int index)
        => Transaction.Sign(
            new(
                Sample.ChainId, Sender.PublicKey, new(1000),
                (height.Value * TransactionsPerBlock) + (ulong)index,
                [new Operation.Put("files", "key", new byte[PayloadBytes], null)]),
            Sender);

    /// <summary>
    /// Opens the store and checks that every block up to its head is there and that the state is the head's.
    /// </summary>
    public static void AssertWhole(string folder, ulong acknowledged)
    {
        using var store = LedgerStore.Open(folder, Sample.Genesis, Sample.ChainId, StorageOptions.Default);
        var head = store.Head!;
        Assert.True(
            head.Height.Value >= acknowledged,
            $"head {head.Height} is below the acknowledged {acknowledged}");
        for (var height = Height.Genesis; height <= head.Height; height = height.Next)
        {
            AssertBlock(store, height);
        }

        AssertState(store, head);
    }

    private static void AssertBlock(LedgerStore store, Height height)
    {
        var block = store.ReadBlock(height);
        Assert.NotNull(block);
        Assert.Equal(block.Header, store.ReadHeader(height));
        Assert.Equal(height, store.FindBlock(block.Hash));
        Assert.Equal(height.Value % 2 == 0, store.ReadCertificate(height) is not null);
        for (var i = 0; i < block.Transactions.Count; i++)
        {
            var hash = block.Transactions[i].Hash;
            Assert.Equal((height, i), store.FindTransaction(hash));
            Assert.Equal(hash, store.ReadReceipt(height, i)!.Transaction);
        }
    }

    private static void AssertState(LedgerStore store, BlockHeader head)
    {
        var tree = StateTree.Open(store, head.StateRoot);
        foreach (var (key, value) in WritesOf(head.Height))
        {
            Assert.Equal(value, store.ReadState(key));
            var proof = tree.Prove(Sha256.Hash(key));
            Assert.True(
                proof.Verify(head.StateRoot, Sha256.Hash(key), value is null ? null : Sha256.Hash(value)));
        }

        Assert.Equal(["counter", $"height {head.Height}"], store.ReadStateRange([])
            .Select(entry => Encoding.UTF8.GetString(entry.Key)));
        Assert.Null(store.ReadState(KeyOf(head.Height.Next)));
    }

    private static FinalBlock After(BlockHeader? parent, StateTree tree)
    {
        var height = parent?.Height.Next ?? Height.Genesis;
        var transactions = height == Height.Genesis
            ? []
            : Enumerable.Range(0, TransactionsPerBlock).Select(i => TransactionAt(height, i)).ToArray();
        var writes = WritesOf(height);
        var updated = tree.Update(ChangesOf(writes));
        var header = new BlockHeader(
            Sample.ChainId, height, parent?.ComputeHash() ?? Digest.Zero, new((long)height.Value), new(0),
            TransactionTree.RootOf(transactions), Digest.Zero, updated.Root, Sample.DigestOf(8),
            Sample.DigestOf(9));
        var block = new Block(header, transactions);
        var receipts = transactions.Select((transaction, i) => ReceiptOf(transaction, i)).ToArray();
        return new(block, CertificateOf(block), receipts, writes, updated.PageWrites());
    }

    private static Receipt ReceiptOf(Transaction transaction, int index)
        => index == 0
            ? new(transaction.Hash, FailureReason.None, 0)
            : new(transaction.Hash, FailureReason.NotPermitted, index);

    /// <summary>Every second block has a certificate of its own.</summary>
    private static QuorumCertificate? CertificateOf(Block block)
        => block.Height.Value % 2 == 0
            ? new(
                StatementKind.Commit, new(new(3), block.Height, block.Hash), [new(new(0), Sender.Sign([1]))])
            : null;

    private static StateWrite[] WritesOf(Height height)
    {
        StateWrite[] writes = [new(Counter, ValueOf(height)), new(KeyOf(height), ValueOf(height))];
        return height == Height.Genesis ? writes : [.. writes, new(KeyOf(height.Previous), null)];
    }

    private static StateChange[] ChangesOf(StateWrite[] writes)
        => [.. writes.Select(write => new StateChange(
            Sha256.Hash(write.Key), write.Value is null ? null : Sha256.Hash(write.Value)))];
}
