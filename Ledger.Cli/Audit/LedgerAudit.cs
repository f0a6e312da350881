using System.Collections.Concurrent;
using System.Threading.Channels;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Storage;

namespace Ledger.Cli.Audit;

/// <param name="Fault">The first one, from the genesis up; null when all is as it must be.</param>
/// <param name="Blocks">How many were checked.</param>
/// <param name="Head">The last block, when there is no fault.</param>
internal sealed record AuditResult(AuditFault? Fault, ulong Blocks, long Transactions, BlockHeader? Head);

/// <summary>
/// Checks a whole data folder with the genesis alone. Signatures and certificates are checked on all cores, a bounded
/// number of blocks ahead; execution follows in order, and every record that it should have left is compared byte for byte.
/// </summary>
internal sealed class LedgerAudit(LedgerArchive archive, Genesis genesis, Action<ulong, ulong> progress)
{
    private const int AheadOfExecution = 32;

    private readonly AuditState _state = new();
    private readonly ConcurrentDictionary<Digest, ValidatorSet> _validators = new(
        [new(genesis.Validators.Hash, genesis.Validators)]);
    private ulong? _uncertifiedFrom;
    private ulong _blocks;
    private long _transactions;

    public async Task<AuditResult> RunAsync(CancellationToken cancellationToken)
    {
        var fault = archive.ReadHead() is { } head
            ? await BlocksFaultAsync(head, cancellationToken) ?? UncertifiedFault() ?? HeadFault(head) ?? ExtrasFault(head)
                ?? StateFault(head)
            : AuditFault.Of(0, RecordFamily.Meta, "head"u8, null, "it is missing or torn");
        return new(fault, _blocks, _transactions, fault is null ? _state.Head : null);
    }

    private async Task<AuditFault?> BlocksFaultAsync(Height head, CancellationToken cancellationToken)
    {
        // Execution in memory starts from the genesis itself, so height 0 is compared and not read.
        LedgerMachine machine = new(genesis, _state);
        if (RecordsFault(genesis.Build()) is { } fault)
        {
            return fault;
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var ahead = Channel.CreateBounded<Task<AuditedBlock>>(AheadOfExecution);
        var reading = Task.Run(() => ReadAheadAsync(head, ahead.Writer, stop.Token), CancellationToken.None);
        var comparing = Task.FromResult<AuditFault?>(null);
        try
        {
            await foreach (var next in ahead.Reader.ReadAllAsync(cancellationToken))
            {
                var audited = await next;
                if (audited.IsCertificateUnchecked)
                {
                    audited = audited.CheckCertificate(genesis, machine.Epoch.Validators);
                }

                FinalBlock? final = null;
                var found = audited.Fault ?? ExecutionFault(machine, audited, out final);

                // The records of the block below were compared meanwhile: a fault in them comes first.
                found = await comparing ?? found;
                if (found is not null)
                {
                    return found;
                }

                comparing = Task.Run(() => RecordsFault(final!), CancellationToken.None);
                progress(_blocks, head.Value);
            }

            return await comparing;
        }
        finally
        {
            // Nothing may still read the archive when its owner closes it.
            await stop.CancelAsync();
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await ((Task)comparing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ReadAheadAsync(
        Height head, ChannelWriter<Task<AuditedBlock>> ahead, CancellationToken cancellationToken)
    {
        Queue<Task> running = [];
        try
        {
            for (var height = new Height(1); height <= head; height = height.Next)
            {
                var at = height;
                var reading = Task.Run(() => AuditedBlock.Read(archive, genesis, _validators, at), CancellationToken.None);
                running.Enqueue(reading);
                await ahead.WriteAsync(reading, cancellationToken);
                while (running.Count > 2 * AheadOfExecution)
                {
                    await running.Dequeue();
                }
            }

            ahead.Complete();
        }
        catch (OperationCanceledException)
        {
            // A fault was found, or nobody waits any more: what runs is awaited below.
        }
        finally
        {
            await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private AuditFault? ExecutionFault(LedgerMachine machine, AuditedBlock audited, out FinalBlock? final)
    {
        var block = audited.Block!;
        final = null;

        // Its own time as the clock: how far that lay from the validators' clocks was theirs to judge.
        if (machine.Validate(block, block.Header.Time, static _ => true) is { } broken)
        {
            return AuditFault.Of(
                block.Height.Value, RecordFamily.Blocks, LedgerRecord.KeyOf(block.Height), 0..block.Encoded.Length, broken);
        }

        final = machine.Finalise([block], audited.Certificate is null ? [] : [audited.Certificate])[0];
        _validators.TryAdd(machine.Epoch.Validators.Hash, machine.Epoch.Validators);
        _uncertifiedFrom = audited.Certificate is null ? _uncertifiedFrom ?? block.Height.Value : null;
        _blocks = block.Height.Value;
        _transactions += block.Transactions.Count;
        return null;
    }

    private AuditFault? RecordsFault(FinalBlock final)
    {
        foreach (var record in LedgerRecord.Of(final))
        {
            var found = archive.Read(record.Family, record.Key);
            if (AuditFault.Difference(final.Block.Height.Value, record, found) is { } fault)
            {
                return fault;
            }
        }

        return null;
    }

    private AuditFault? UncertifiedFault() => _uncertifiedFrom is { } height
        ? AuditFault.Of(
            height, RecordFamily.Certificates, LedgerRecord.KeyOf(new(height)), null,
            "neither this block nor one above it has a certificate")
        : null;

    private AuditFault? HeadFault(Height head)
    {
        byte[] expected = [.. LedgerRecord.KeyOf(head), .. _state.Head!.ComputeHash().ToArray()];
        LedgerRecord record = new(RecordFamily.Meta, "head"u8.ToArray(), expected);
        return AuditFault.Difference(head.Value, record, archive.Read(record.Family, record.Key));
    }

    /// <summary>Records that no block has left: above the head, or of transactions and blocks that are not in the chain.</summary>
    private AuditFault? ExtrasFault(Height head)
    {
        foreach (var family in (RecordFamily[])
            [RecordFamily.Blocks, RecordFamily.Headers, RecordFamily.Receipts, RecordFamily.Certificates])
        {
            var above = LedgerRecord.KeyOf(head);
            foreach (var (key, _) in archive.ReadAll(family))
            {
                if (key.Length != above.Length || key.AsSpan().SequenceCompareTo(above) > 0)
                {
                    return AuditFault.Of(head.Value, family, key, null, "it stands above the head");
                }
            }
        }

        foreach (var (key, _) in archive.ReadAll(RecordFamily.Transactions))
        {
            if (key.Length != Digest.Size || !_state.HoldsTransaction(new(key)))
            {
                return AuditFault.Of(head.Value, RecordFamily.Transactions, key, null, "no block holds this transaction");
            }
        }

        return CountFault(head, RecordFamily.BlockHeights, (long)head.Value + 1)
            ?? CountFault(head, RecordFamily.History, _state.HistoryCount);
    }

    private AuditFault? CountFault(Height head, RecordFamily family, long expected)
    {
        long count = 0;
        foreach (var (key, _) in archive.ReadAll(family))
        {
            count++;
            if (count > expected)
            {
                return AuditFault.Of(head.Value, family, key, null, $"{expected} records are expected, there are more");
            }
        }

        return null;
    }

    private AuditFault? StateFault(Height head)
        => ContentFault(head, RecordFamily.State, _state.Entries) ?? ContentFault(head, RecordFamily.StateTree, _state.Pages);

    /// <summary>Whether a family holds exactly these records.</summary>
    private AuditFault? ContentFault(Height head, RecordFamily family, IReadOnlyDictionary<byte[], byte[]> expected)
    {
        var count = 0;
        foreach (var (key, value) in archive.ReadAll(family))
        {
            if (!expected.TryGetValue(key, out var bytes))
            {
                return AuditFault.Of(head.Value, family, key, 0..value.Length, "execution leaves no such record");
            }

            if (AuditFault.Difference(head.Value, new(family, key, bytes), value) is { } fault)
            {
                return fault;
            }

            count++;
        }

        if (count == expected.Count)
        {
            return null;
        }

        var missing = expected.Keys.First(key => archive.Read(family, key) is null);
        return AuditFault.Of(head.Value, family, missing, null, "it is missing");
    }
}
