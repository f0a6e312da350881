using System.Diagnostics;
using Ledger.Consensus;
using Ledger.Consensus.Pbft;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Storage;

namespace Ledger.Benchmarks;

/// <summary>
/// What one transaction costs a validator, stage by stage, in time and in garbage: where the next
/// optimisation lies. One thread; blocks of a stated size over a ledger that grows as it runs.
/// </summary>
internal static class Stages
{
    private const int Blocks = 300;
    private const int ValueBytes = 256;

    private static readonly SortedDictionary<string, (long Ticks, long Bytes)> Spent = new(
        StringComparer.Ordinal);

    public static void Run(int blockTransactions)
    {
        var folder = Directory.CreateTempSubdirectory("ledger-stages-");
        try
        {
            using var key = SigningKey.Generate();
            Genesis genesis = new(
                "stages", ConsensusMode.Pbft, new(1_000_000), [new("one", key.PublicKey)],
                [new(key.PublicKey, Role.Admin, ""), new(key.PublicKey, Role.Writer, "*")]);
            using var store = LedgerStore.Open(
                folder.FullName, genesis.Hash, genesis.ChainId, StorageOptions.Default);
            LedgerMachine machine = new(genesis, store);
            for (var i = 0; i < Blocks; i++)
            {
                if (i == Blocks / 3)
                {
                    // The first third warms up the compiler.
                    Spent.Clear();
                }

                RunBlock(machine, store, genesis, key, blockTransactions, i);
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        var count = Blocks * 2 / 3 * blockTransactions;
        Console.WriteLine($"per transaction, blocks of {blockTransactions}, {ValueBytes} B values:");
        foreach (var (stage, (ticks, bytes)) in Spent)
        {
            Console.WriteLine(
                $"{stage,-28} {ticks * 1e6 / Stopwatch.Frequency / count,8:F1} us {bytes / count,8} B "
                + "allocated");
        }
    }

    private static void RunBlock(
        LedgerMachine machine, LedgerStore store, Genesis genesis, SigningKey key, int count, int number)
    {
        var now = machine.Head.Time;
        var made = new Transaction[count];
        var value = new byte[ValueBytes];
        Measure("0 sign", () =>
        {
            for (var i = 0; i < count; i++)
            {
                TransactionBody body = new(
                    genesis.ChainId, key.PublicKey, now.Plus(TimeSpan.FromHours(1)), (ulong)(
                        (number * count) + i),
                    [new Operation.Put("bench", $"key-{number}-{i}", value, null)]);
                made[i] = Transaction.Sign(body, key);
            }
        });

        var decoded = new Transaction[count];
        Measure("1 decode", () =>
        {
            for (var i = 0; i < count; i++)
            {
                _ = Transaction.TryDecode(made[i].Encoded, out decoded[i]!, out _);
            }
        });
        Measure("2 rules and permission", () =>
        {
            foreach (var transaction in decoded)
            {
                _ = TransactionRules.FaultIn(transaction.Body, genesis.ChainId);
                _ = Permissions.Allows(
                    transaction.Sender, transaction.Body.Operations[0], k => store.ReadState(k));
            }
        });
        Measure("3 duplicate in the store", () =>
        {
            foreach (var transaction in decoded)
            {
                _ = store.HoldsTransaction(transaction.Hash);
            }
        });
        Measure("4 verify", () =>
        {
            foreach (var transaction in decoded)
            {
                _ = transaction.SignatureIsValid();
            }
        });

        Block? block = null;
        Measure("5 propose", () => block = machine.Propose(
            machine.HeadHash, decoded, now, new(0), Limits.BlockTransactions, Limits.BlockBytes));
        byte[]? bytes = null;
        var message = new PrePrepare(new(0), block!);
        Measure("6 encode a proposal", () => bytes = PbftCodec.EncodeEnvelope(new Envelope(new(0), message)));
        Measure("7 decode a proposal", () => _ = PbftCodec.TryDecodeEnvelope(bytes, out _, out _));
        IReadOnlyList<FinalBlock> final = [];
        Measure("8 finalise and store", () => final = machine.Finalise([block!], []));
    }

    private static void Measure(string stage, Action action)
    {
        var bytes = GC.GetAllocatedBytesForCurrentThread();
        var started = Stopwatch.GetTimestamp();
        action();
        var ticks = Stopwatch.GetTimestamp() - started;
        bytes = GC.GetAllocatedBytesForCurrentThread() - bytes;
        var (before, held) = Spent.GetValueOrDefault(stage);
        Spent[stage] = (before + ticks, held + bytes);
    }
}
