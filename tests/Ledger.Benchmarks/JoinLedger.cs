using System.Diagnostics;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Storage;

namespace Ledger.Benchmarks;

/// <summary>
/// The two ways in which a new validator gets a large ledger, without the network between: every block
/// checked and executed from the genesis on, or a snapshot, chunk by chunk. And what pruning the ledger
/// leaves on the disk.
/// </summary>
internal static class JoinLedger
{
    /// <param name="path">What <see cref="LargeLedger"/> has made; folders are made beside it and
    /// removed.</param>
    public static void Run(string path)
    {
        var genesis = GenesisFile.Parse(File.ReadAllText(Path.Combine(path, "genesis.json")));
        var work = Directory.CreateDirectory(Path.Combine(path, "join")).FullName;
        try
        {
            using var source = LedgerStore.Open(
                Path.Combine(path, "data"), genesis.Hash, genesis.ChainId, StorageOptions.Default);
            var snapshot = Path.Combine(work, "a.snapshot");
            var made = Timed(() => MakeSnapshot(genesis, source, snapshot));
            var joined = Timed(() => Restore(genesis, snapshot, Path.Combine(work, "restored")));
            var replayed = Timed(() => Replay(genesis, source, Path.Combine(work, "replayed")));
            Console.WriteLine($"snapshot of block {source.Head!.Height}: "
                + $"{Megabytes(new FileInfo(snapshot).Length)} MB, made in {made:F1} s");
            Console.WriteLine(
                $"join by snapshot {joined:F1} s, by replay {replayed:F1} s: {100 * joined / replayed:F1} %");
            Console.WriteLine(
                $"join by snapshot: {Megabytes(BytesIn(Path.Combine(work, "restored")))} MB on the disk");
            Prune(genesis, Path.Combine(work, "replayed"), source.Head.Height);
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    private static void MakeSnapshot(Genesis genesis, LedgerStore source, string path)
    {
        var head = source.Head!;
        var certificate = source.ReadCertificate(head.Height)!;
        using var state = source.Snapshot();
        new SnapshotWriter(genesis, state, CancellationToken.None).Write(
            path, () => new(head, [], certificate.Subject.View, certificate.Signers));
    }

    private static void Restore(Genesis genesis, string path, string data)
    {
        using var folder = DataFolder.Open(data, genesis.ChainId, genesis.Hash);
        using var file = SnapshotFile.Open(path);
        Invariant.Holds(file.Manifest.FaultIn(genesis) is null, "the snapshot is of this chain");
        using var restore = SnapshotRestore.Begin(folder.Root, genesis, file.Manifest);
        restore.AcceptAll(
            file.ReadChunk, (_, _) => Invariant.Holds(false, "each chunk is true"), ()
                =>
            { }, CancellationToken.None);
        restore.Finish();
    }

    /// <summary>
    /// As a validator that fetches ranges: blocks are decoded and their certificates checked, then executed.
    /// </summary>
    private static void Replay(Genesis genesis, LedgerStore source, string data)
    {
        using var folder = DataFolder.Open(data, genesis.ChainId, genesis.Hash);
        using var store = LedgerStore.Open(data, genesis.Hash, genesis.ChainId, StorageOptions.Default);
        LedgerMachine machine = new(genesis, store);
        for (var height = new Height(1); height <= source.Head!.Height; height = height.Next)
        {
            Invariant.Holds(
                BlockCodec.TryDecode(source.ReadBlockBytes(height)!, out var block, out _), "a block");
            var certificate = source.ReadCertificate(height)!;
            var fault = FinalityVerifier.FaultIn(
                block!.Header, certificate.Subject.View, certificate.Signers, genesis,
                machine.Epoch.Validators);
            Invariant.Holds(fault is null, "each block is certified");
            machine.Finalise([block], [certificate]);
        }
    }

    private static void Prune(Genesis genesis, string data, Height head)
    {
        long before;
        double took;
        using (var folder = DataFolder.Open(data, genesis.ChainId, genesis.Hash))
        using (var store = LedgerStore.Open(data, genesis.Hash, genesis.ChainId, StorageOptions.Default))
        {
            // Pruning a little brings all from memory to the disk: what is compared are the same bytes.
            store.Prune(new(2));
            before = BytesIn(data);
            took = Timed(() => store.Prune(new(head.Value - (head.Value / 10))));
        }

        Console.WriteLine(
            $"pruned to the last tenth of the blocks in {took:F1} s: {Megabytes(before)} MB became "
            + $"{Megabytes(BytesIn(data))}");
    }

    private static double Timed(Action work)
    {
        var started = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static long BytesIn(string folder)
        => new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories)
            .Sum(file => file.Length);

    private static long Megabytes(long bytes) => bytes / 1_000_000;
}
