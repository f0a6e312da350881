using System.Globalization;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Storage.Tests;

/// <summary>
/// The executor over the real store: state, tree and head agree however often the store is reopened.
/// </summary>
public sealed class ExecutionTests : IDisposable
{
    private const int KeyRange = 40;
    private const string Files = "files";

    private static readonly SigningKey Admin = SigningKey.FromSeed(new byte[SigningKey.SeedSize]);

    private static readonly Timestamp Start = new(1_000_000);

    private static readonly Genesis Genesis = new(
        Sample.ChainId, ConsensusMode.Pbft, Start, [new("one", Admin.PublicKey)],
        [new(Admin.PublicKey, Role.Admin, ""), new(Admin.PublicKey, Role.Writer, "*")]);

    private readonly TemporaryFolder _folder = new();
    private ulong _nonce;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void The_state_root_of_the_head_is_that_of_all_entries_after_every_reopening(int seed)
    {
        var chance = new Random(seed);
        var model = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        for (var session = 0; session < 4; session++)
        {
            using var store = Open();
            var machine = new LedgerMachine(Genesis, store);
            for (var turn = 0; turn < 8; turn++)
            {
                FinaliseSeveral(machine, chance, model);
            }

            AssertAgrees(store, model);
        }
    }

    [Fact]
    public void A_transaction_that_is_final_is_not_proposed_again_after_reopening()
    {
        var put = Sign(new Operation.Put(Files, "a", new byte[] { 1 }));
        using (var store = Open())
        {
            var machine = new LedgerMachine(Genesis, store);
            machine.Finalise([Propose(machine, machine.HeadHash, [put])], []);
        }

        using var reopened = Open();
        var again = new LedgerMachine(Genesis, reopened);

        Assert.Empty(Propose(again, again.HeadHash, [put]).Transactions);
        Assert.Equal((new Height(1), 0), reopened.FindTransaction(put.Hash));
        Assert.True(reopened.ReadReceipt(new(1), 0)!.IsApplied);
    }

    /// <summary>One to three blocks, made final together.</summary>
    private void FinaliseSeveral(LedgerMachine machine, Random chance, SortedDictionary<string, byte[]> model)
    {
        var blocks = new List<Block>();
        var parent = machine.HeadHash;
        for (var i = chance.Next(1, 4); i > 0; i--)
        {
            var transactions =
                Enumerable.Range(0, chance.Next(12)).Select(_ => Change(chance, model)).ToArray();
            blocks.Add(Propose(machine, parent, transactions));
            parent = blocks[^1].Hash;
        }

        machine.Finalise(blocks, []);
    }

    private Transaction Change(Random chance, SortedDictionary<string, byte[]> model)
    {
        var key = chance.Next(KeyRange).ToString(CultureInfo.InvariantCulture);
        if (model.Remove(key))
        {
            return Sign(new Operation.Delete(Files, key));
        }

        model[key] = BitConverter.GetBytes(chance.Next());
        return Sign(new Operation.Put(Files, key, model[key]));
    }

    private static void AssertAgrees(LedgerStore store, SortedDictionary<string, byte[]> model)
    {
        using var snapshot = store.Snapshot();
        var entries = snapshot.ReadStateRange(StateKey.ForNamespace(Files))
            .ToDictionary(
                entry => StateKey.ParseEntry(entry.Key).Key,
                entry => KeyEntry.Decode(entry.Value)!.Value.ToArray());
        Assert.Equal(model, entries.OrderBy(entry => entry.Key, StringComparer.Ordinal));

        var changes = snapshot.ReadStateRange([]).Select(
            entry => new StateChange(StateKey.PathOf(entry.Key), StateKey.ValueDigest(entry.Value)));
        Assert.Equal(StateTree.Empty(snapshot).Update([.. changes]).Root, snapshot.Head!.StateRoot);

        var tree = StateTree.Open(snapshot, snapshot.Head.StateRoot);
        for (var i = 0; i < KeyRange; i++)
        {
            var key = StateKey.ForEntry(Files, i.ToString(CultureInfo.InvariantCulture));
            var path = StateKey.PathOf(key);
            Digest? value = snapshot.ReadState(key) is { } bytes ? StateKey.ValueDigest(bytes) : null;
            Assert.True(tree.Prove(path).Verify(snapshot.Head.StateRoot, path, value));
        }
    }

    private static Block Propose(
        LedgerMachine machine, Digest parent, IReadOnlyList<Transaction> transactions)
        => machine.Propose(parent, transactions, Start, new(0), 1000, 1_000_000)!;

    private Transaction Sign(Operation operation)
        => Transaction.Sign(
            new(Sample.ChainId, Admin.PublicKey, Start.Plus(TimeSpan.FromHours(1)), ++_nonce, [operation]),
            Admin);

    private LedgerStore Open()
        => LedgerStore.Open(_folder.Path, Genesis.Hash, Sample.ChainId, StorageOptions.Default);
}
