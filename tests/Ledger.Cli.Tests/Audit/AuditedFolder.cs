using Ledger.Core;
using Ledger.Crypto;
using Ledger.Storage;
using RocksDbSharp;

namespace Ledger.Cli.Tests.Audit;

/// <summary>A data folder with a true chain in it, and the means to damage any record.</summary>
internal sealed class AuditedFolder : IDisposable
{
    public const ulong Head = 6;

    /// <summary>The block that the folder's own snapshot is of, where there is one.</summary>
    public const ulong SnapshotHeight = 4;

    private static readonly SigningKey[] Validators = [.. Enumerable.Range(1, 4).Select(i => Key((byte)i))];
    private static readonly SigningKey Admin = Key(100);
    private static readonly Timestamp Now = new(1_700_000_001_000);

    private readonly TemporaryFolder _folder = new();
    private ulong _nonce;

    /// <param name="salt">Chains of another salt part from each other after height 3.</param>
    /// <param name="uncertified">Heights whose blocks are final through a descendant.</param>
    public AuditedFolder(string salt = "", params ulong[] uncertified)
        : this(salt, hasSnapshot: false, Head, uncertified)
    {
    }

    private AuditedFolder(string salt, bool hasSnapshot, ulong head, ulong[] uncertified)
    {
        Genesis = new(
            "audited", ConsensusMode.Pbft, new(1_700_000_000_000),
            [.. Validators.Select((key, i) => new Validator($"v{i}", key.PublicKey))],
            [new(Admin.PublicKey, Role.Admin, ""), new(Admin.PublicKey, Role.Writer, "*")]);
        GenesisPath = _folder.Write("genesis.json", GenesisFile.Write(Genesis));
        using var folder = DataFolder.Open(Data, Genesis.ChainId, Genesis.Hash);
        using var store = LedgerStore.Open(Data, Genesis.Hash, Genesis.ChainId, StorageOptions.Default);
        LedgerMachine machine = new(Genesis, store);
        for (ulong height = 1; height <= head; height++)
        {
            var value = height > 3 ? salt : "";
            Transaction[] transactions =
            [
                Put("counter", $"{height}{value}"),
                Put($"key {height}", "value"),
                Delete($"key {height - 1}"),
            ];
            var block = machine.Propose(
                machine.HeadHash, transactions, Now, new(0), Limits.BlockTransactions, Limits.BlockBytes)!;
            machine.Finalise([block], uncertified.Contains(height) ? [] : [CertificateOf(block)]);
            if (hasSnapshot && height == SnapshotHeight)
            {
                WriteSnapshot(store, block);
            }
        }
    }

    public Genesis Genesis { get; }

    public string GenesisPath { get; }

    public string Data => _folder.Sub("data");

    /// <summary>Where a node keeps what it has made for others.</summary>
    public string Snapshot => Path.Combine(Data, "snapshots", "4.snapshot");

    public static AuditedFolder WithSnapshot(string salt = "") => new(salt, hasSnapshot: true, Head, []);

    /// <summary>What a witness has, and everybody before the first block.</summary>
    public static AuditedFolder WithoutBlocks() => new("", hasSnapshot: false, head: 0, []);

    /// <summary>Another folder of the chain: it began with the snapshot and has the blocks above.</summary>
    public string BornOfSnapshot()
    {
        var data = _folder.Sub("born");
        using var folder = DataFolder.Open(data, Genesis.ChainId, Genesis.Hash);
        using (var file = SnapshotFile.Open(Snapshot))
        {
            using var restore = SnapshotRestore.Begin(data, Genesis, file.Manifest);
            for (var i = 0; i < file.Manifest.ChunkCount; i++)
            {
                Assert.Null(restore.Accept(i, file.ReadChunk(i)));
            }

            restore.Finish();
        }

        using var source = LedgerStore.Open(Data, Genesis.Hash, Genesis.ChainId, StorageOptions.Default);
        using var store = LedgerStore.Open(data, Genesis.Hash, Genesis.ChainId, StorageOptions.Default);
        LedgerMachine machine = new(Genesis, store);
        for (var height = SnapshotHeight + 1; height <= Head; height++)
        {
            machine.Finalise([source.ReadBlock(new(height))!], [source.ReadCertificate(new(height))!]);
        }

        return data;
    }

    /// <summary>Lets the bodies below a height go, as a node does.</summary>
    public void Prune(ulong below)
    {
        using var folder = DataFolder.Open(Data, Genesis.ChainId, Genesis.Hash);
        using var store = LedgerStore.Open(Data, Genesis.Hash, Genesis.ChainId, StorageOptions.Default);
        store.Prune(new(below));
    }

    public Task<Said> AuditAsync(params string[] more)
        => Tool.RunAsync(["verify", "ledger", "--data", Data, "--genesis", GenesisPath, .. more]);

    /// <summary>Changes one record's value by hand; null removes it.</summary>
    public void Damage(string family, Func<byte[], bool> which, Func<byte[], byte[]?> change)
    {
        var path = Path.Combine(Data, "ledger");
        ColumnFamilies families = [];
        foreach (var name in RocksDb.ListColumnFamilies(new DbOptions(), path).Where(
            name => name != "default"))
        {
            families.Add(name, new ColumnFamilyOptions());
        }

        using var database = RocksDb.Open(new DbOptions(), path, families);
        var handle = database.GetColumnFamily(family);
        byte[]? key = null;
        byte[] value = [];
        using (var iterator = database.NewIterator(handle))
        {
            for (iterator.SeekToFirst(); iterator.Valid() && key is null; iterator.Next())
            {
                (key, value) = which(iterator.Key()) ? (iterator.Key(), iterator.Value()) : (null, value);
            }
        }

        if (change(value) is { } changed)
        {
            database.Put(key!, changed, handle);
        }
        else
        {
            database.Remove(key!, handle);
        }
    }

    public void Dispose() => _folder.Dispose();

    private static SigningKey Key(byte seed) => SigningKey.FromSeed([.. Enumerable.Repeat(seed, 32)]);

    private void WriteSnapshot(LedgerStore store, Block block)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Snapshot)!);
        var certificate = CertificateOf(block);
        using var state = store.Snapshot();
        new SnapshotWriter(Genesis, state, TestContext.Current.CancellationToken).Write(
            Snapshot, () => new(block.Header, [], certificate.Subject.View, certificate.Signers));
    }

    private QuorumCertificate CertificateOf(Block block)
    {
        Subject subject = new(new(3), block.Height, block.Hash);
        var statement = new byte[Statement.Size];
        subject.Commit(Genesis.Hash).WriteTo(statement);
        return new(
            StatementKind.Commit, subject,
            [.. Enumerable.Range(0, 3).Select(i => new Signer(new(i), Validators[i].Sign(statement)))]);
    }

    private Transaction Put(string key, string value)
        => Sign(new Operation.Put("files", key, System.Text.Encoding.UTF8.GetBytes(value)));

    private Transaction Delete(string key) => Sign(new Operation.Delete("files", key));

    private Transaction Sign(Operation operation) => Transaction.Sign(
        new(Genesis.ChainId, Admin.PublicKey, Now.Plus(TimeSpan.FromHours(1)), ++_nonce, [operation]), Admin);
}
