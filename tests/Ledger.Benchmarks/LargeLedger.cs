using System.Diagnostics;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Storage;

namespace Ledger.Benchmarks;

/// <summary>
/// Writes a large ledger as four validators would have left it, without any of them: genesis, key, and a data
/// folder that holds signed transactions in certified blocks. What audits, snapshots and restores are
/// measured with.
/// </summary>
internal static class LargeLedger
{
    private const int ValueBytes = 64;
    private const int Validators = 4;

    /// <summary>
    /// Keys are written again after so many transactions, so that the history is longer than the state.
    /// </summary>
    private const int KeysMax = 250_000;

    /// <param name="path">A folder that is made: genesis.json and data/ in it.</param>
    /// <param name="transactions">How many.</param>
    /// <param name="blockTransactions">In each block.</param>
    public static void Write(string path, int transactions, int blockTransactions)
    {
        SigningKey[] validators =
            [.. Enumerable.Range(1, Validators).Select(i => SigningKey.FromSeed(SeedOf(i)))];
        using var client = SigningKey.FromSeed(SeedOf(100));
        Genesis genesis = new(
            "large", ConsensusMode.Pbft, new(1_700_000_000_000),
            [.. validators.Select((key, i) => new Validator($"validator-{i + 1}", key.PublicKey))],
            [new(client.PublicKey, Role.Admin, ""), new(client.PublicKey, Role.Writer, "*")]);
        var data = Path.Combine(Directory.CreateDirectory(path).FullName, "data");
        File.WriteAllText(Path.Combine(path, "genesis.json"), GenesisFile.Write(genesis));
        using var folder = DataFolder.Open(data, genesis.ChainId, genesis.Hash);
        using var store = LedgerStore.Open(data, genesis.Hash, genesis.ChainId, StorageOptions.Default);
        LedgerMachine machine = new(genesis, store);
        var started = Stopwatch.GetTimestamp();
        var written = 0;
        var next = Sign(genesis, client, 0, Math.Min(blockTransactions, transactions));
        while (written < transactions)
        {
            var signed = next.GetAwaiter().GetResult();
            written += signed.Length;
            next = Sign(genesis, client, written, Math.Min(blockTransactions, transactions - written));
            var time = genesis.Time.Plus(TimeSpan.FromMilliseconds(100.0 * written / blockTransactions));
            var block = machine.Propose(
                machine.HeadHash, signed, time, new(0), Limits.BlockTransactions, Limits.BlockBytes)!;
            machine.Finalise([block], [Certify(genesis, block, validators)]);
        }

        var took = Stopwatch.GetElapsedTime(started);
        Console.WriteLine(
            $"{written} transactions in {machine.Head.Height} blocks in {took.TotalSeconds:F1} s; "
            + $"state root {machine.Head.StateRoot}");
    }

    /// <summary>The next block's transactions, signed while the block before is executed.</summary>
    private static Task<Transaction[]> Sign(Genesis genesis, SigningKey key, int first, int count)
        => Task.Run(() =>
    {
        var transactions = new Transaction[count];
        for (var i = 0; i < count; i++)
        {
            var number = first + i;
            var value = new byte[ValueBytes];
            BitConverter.TryWriteBytes(value, number);
            TransactionBody body = new(
                genesis.ChainId, key.PublicKey, genesis.Time.Plus(TimeSpan.FromHours(20)), (ulong)number,
                [new Operation.Put("large", $"key-{number % KeysMax}", value)]);
            transactions[i] = Transaction.Sign(body, key);
        }

        return transactions;
    });

    private static QuorumCertificate Certify(Genesis genesis, Block block, SigningKey[] validators)
    {
        Subject subject = new(new(0), block.Height, block.Hash);
        var statement = new byte[Statement.Size];
        subject.Commit(genesis.Hash).WriteTo(statement);
        return new(
            StatementKind.Commit, subject,
            [
                .. Enumerable.Range(0, genesis.Validators.Quorums.Quorum).Select(
                    i => new Signer(new(i), validators[i].Sign(statement))),
            ]);
    }

    private static byte[] SeedOf(int number) => [.. Enumerable.Repeat((byte)number, 32)];
}
