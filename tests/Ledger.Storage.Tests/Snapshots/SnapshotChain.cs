using System.Globalization;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Storage.Tests.Snapshots;

/// <summary>A true chain of four validators with a state of several chunks, and snapshots of it.</summary>
internal sealed class SnapshotChain : IDisposable
{
    private const int LargeValues = 40;

    private static readonly SigningKey[] Validators = [.. Enumerable.Range(1, 4).Select(i => Key((byte)i))];
    private static readonly SigningKey Admin = Key(100);
    private static readonly Timestamp Start = new(1_700_000_000_000);

    private readonly TemporaryFolder _folder = new();
    private readonly List<CertifiedChange> _changes = [];
    private Timestamp _now = Start;
    private ulong _nonce;

    public SnapshotChain(string chainId = "snapshots")
    {
        Genesis = new(
            chainId, ConsensusMode.Pbft, Start,
            [.. Validators.Select((key, i) => new Validator($"v{i}", key.PublicKey))],
            [new(Admin.PublicKey, Role.Admin, ""), new(Admin.PublicKey, Role.Writer, "*")]);
        Folder = DataFolder.Open(PathOf("data"), Genesis.ChainId, Genesis.Hash);
        Store = LedgerStore.Open(Folder.Root, Genesis.Hash, Genesis.ChainId, StorageOptions.Default);
        Machine = new(Genesis, Store);
    }

    public Genesis Genesis { get; }

    /// <summary>Builds a whole ledger of this chain from a snapshot.</summary>
    public void RestoreAll(SnapshotFile snapshot, string root)
    {
        using var restore = SnapshotRestore.Begin(root, Genesis, snapshot.Manifest);
        for (var i = 0; i < snapshot.Manifest.ChunkCount; i++)
        {
            Assert.Null(restore.Accept(i, snapshot.ReadChunk(i)));
        }

        restore.Finish();
    }

    public DataFolder Folder { get; }

    public LedgerStore Store { get; }

    public LedgerMachine Machine { get; }

    public string PathOf(string name) => Path.Combine(_folder.Path, name);

    /// <summary>A state of more than one chunk, in several namespaces and kinds of keys.</summary>
    public void GrowLarge()
    {
        Grow([.. Enumerable.Range(0, LargeValues / 2).Select(i => Put("large", $"{i}", new byte[60_000]))]);
        Grow(
        [
            .. Enumerable.Range(LargeValues / 2, LargeValues / 2)
                .Select(i => Put($"ns{i % 5}", $"{i}", new byte[60_000])),
        ]);
        Grow([.. Enumerable.Range(0, 300).Select(i => Put("small", $"{i}", [1, 2, 3]))]);
        Grow(
        [
            Sign(new Operation.DefineAsset("gold", 2)),
            Sign(new Operation.Issue("gold", Admin.PublicKey, new(1000))),
        ]);
    }

    public Block Grow(params Transaction[] transactions)
    {
        var block = Machine.Propose(
            Machine.HeadHash, transactions, _now, new(0), Limits.BlockTransactions, Limits.BlockBytes)!;
        var certificate = Certify(block, 3);
        Machine.Finalise([block], [certificate]);
        if (block.Header.EndsEpoch)
        {
            var history = ValidatorHistory.Read(Genesis, key => Store.ReadState(key));
            _changes.Add(new(
                block.Header, certificate.Subject.View, certificate.Signers,
                history.ChangesOf(history.Epoch)));
        }

        return block;
    }

    /// <summary>Time goes on between blocks.</summary>
    public void Wait(TimeSpan span) => _now = _now.Plus(span);

    public Transaction Put(string @namespace, string key, byte[] value)
        => Sign(new Operation.Put(@namespace, key, value, null));

    public Transaction Sign(Operation operation)
        => Transaction.Sign(
            new(Genesis.ChainId, Admin.PublicKey, _now.Plus(TimeSpan.FromHours(1)), ++_nonce, [operation]),
            Admin);

    public string Snapshot(string name = "a.snapshot")
    {
        using var state = Store.Snapshot();
        new SnapshotWriter(Genesis, state, TestContext.Current.CancellationToken).Write(
            PathOf(name), HeadFinality);
        return PathOf(name);
    }

    public FinalityProof HeadFinality() => FinalityOf(Store.Head!, 3);

    public FinalityProof FinalityOf(BlockHeader header, int signers)
    {
        var below = _changes.Where(change => change.Header.Height < header.Height).ToList();
        Subject subject = new(View.FirstOf((ulong)below.Count), header.Height, header.ComputeHash());
        return new(header, [], subject.View, SignersOf(subject, signers)) { Changes = below };
    }

    public static SigningKey Key(byte value)
    {
        var seed = new byte[SigningKey.SeedSize];
        seed.AsSpan().Fill(value);
        return SigningKey.FromSeed(seed);
    }

    public void Dispose()
    {
        Store.Dispose();
        Folder.Dispose();
        _folder.Dispose();
    }

    private QuorumCertificate Certify(Block block, int signers)
    {
        Subject subject = new(Machine.Epoch.Start.View, block.Height, block.Hash);
        return new(StatementKind.Commit, subject, SignersOf(subject, signers));
    }

    private Signer[] SignersOf(Subject subject, int count)
    {
        var statement = new byte[Statement.Size];
        subject.Commit(Genesis.Hash).WriteTo(statement);
        return [.. Enumerable.Range(0, count).Select(i => new Signer(new(i), Validators[i].Sign(statement)))];
    }
}
