using System.Collections.Concurrent;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Storage;

namespace Ledger.Cli.Audit;

/// <summary>
/// One way through a data folder. Signatures and certificates are checked on all cores, a bounded number of
/// blocks ahead; execution follows in order, and every record that it should have left is compared byte for
/// byte.
/// </summary>
/// <param name="isExact">Whether records apart from their block are looked up one by one, to name the first
/// wrong one.</param>
internal sealed class AuditPass(
    LedgerArchive archive, Genesis genesis, AuditStart start, Height head, bool isExact,
    Action<ulong, ulong> progress)
{
    private readonly ScatteredRecords _scattered = new(archive, start, head, isExact);
    private readonly ConcurrentDictionary<Digest, ValidatorSet> _validators = new(
        [new(genesis.Validators.Hash, genesis.Validators)]);
    private readonly HashSet<Height> _changes = [];
    private AuditState _state = new();
    private BlockHeader? _last;
    private ulong? _uncertifiedFrom;
    private long _transactions;

    public async Task<AuditResult> RunAsync(CancellationToken cancellationToken)
    {
        var fault = await OutlinesFaultAsync(cancellationToken) ?? await BlocksFaultAsync(cancellationToken)
            ?? UncertifiedFault() ?? HeadFault() ?? OutsideFault() ?? await _scattered.RestFaultAsync()
            ?? StateFault()
            ?? _scattered.OlderVersionsFault(_state.Entries);
        return new(fault, start, _last?.Height.Value ?? 0, _transactions, fault is null ? _last : null);
    }

    /// <summary>The heights that are not executed: each header is the parent of the next one.</summary>
    private async Task<AuditFault?> OutlinesFaultAsync(CancellationToken cancellationToken)
    {
        if (start.Base is not { } to)
        {
            return null;
        }

        if (ChangesFault(to) is { } unproven)
        {
            return unproven;
        }

        var below = Digest.Zero;
        await foreach (var outline in HeightsAhead.ReadAsync(
            start.Kept.Headers, to,
                height => AuditedOutline.Read(archive, genesis, _validators, start.Kept, height),
            cancellationToken))
        {
            if (outline.Fault is { } fault)
            {
                return fault;
            }

            var header = outline.Header!;
            if (_last is not null && header.Parent != below)
            {
                return AuditFault.Of(
                    header.Height.Value, RecordFamily.Headers, LedgerRecord.KeyOf(header.Height), null,
                    "it does not follow the header below it");
            }

            if (_scattered.FaultIn(header.Height, OfOutline(outline)) is { } apart)
            {
                return apart;
            }

            below = outline.Hash;
            Passed(header, outline.IsCertified);
        }

        return null;
    }

    /// <summary>
    /// The sets that certify what is not executed: the state names the changes, and each counts once those
    /// who were validators before it have certified it.
    /// </summary>
    private AuditFault? ChangesFault(Height to)
    {
        var changes = CertifiedChanges.Read(archive, genesis, to, out var fault);
        foreach (var (header, validators) in changes)
        {
            _validators[validators.Hash] = validators;
            _changes.Add(header.Height);
            if (fault is null && header.Height < start.Kept.Headers)
            {
                fault = _scattered.FaultIn(
                    header.Height, [LedgerRecord.OfHash(header.ComputeHash(), header.Height)]);
            }
        }

        return fault;
    }

    private IEnumerable<LedgerRecord> OfOutline(AuditedOutline outline)
    {
        var height = outline.Header!.Height;
        return outline.Receipts
            .Select((receipt, i) => LedgerRecord.OfPlace(receipt.Transaction, height, i))
            .Prepend(LedgerRecord.OfHash(outline.Hash, height));
    }

    private async Task<AuditFault?> BlocksFaultAsync(CancellationToken cancellationToken)
    {
        if (start.Base is not null && start.Snapshot is null)
        {
            return null;
        }

        if (start.Snapshot is not null)
        {
            _state = start.Load();
            if (_state.Head != _last)
            {
                return AuditFault.Of(
                    start.Base!.Value.Value, RecordFamily.Headers, LedgerRecord.KeyOf(start.Base.Value), null,
                    $"it is not the header of the snapshot {start.Snapshot}");
            }
        }

        // From the genesis on, execution makes the first block itself: it is compared and not read.
        LedgerMachine machine = new(genesis, _state);
        if (start.Base is null && RecordsFault(genesis.Build()) is { } fault)
        {
            return fault;
        }

        return await ExecutionFaultAsync(machine, machine.Head.Height.Next, cancellationToken);
    }

    private async Task<AuditFault?> ExecutionFaultAsync(
        LedgerMachine machine, Height from, CancellationToken cancellationToken)
    {
        var comparing = Task.FromResult<AuditFault?>(null);
        try
        {
            await foreach (var read in HeightsAhead.ReadAsync(
                from, head,
                    height => AuditedBlock.Read(archive, genesis, _validators, height), cancellationToken))
            {
                // Those of a new epoch were read before execution had led to its validators.
                var audited = read.IsCertificateUnchecked
                    ? read.CheckCertificate(genesis, machine.Epoch.Validators)
                    : read;
                FinalBlock? final = null;
                var found = audited.Fault ?? ExecutionFault(machine, audited, out final);

                // The records of the block below were compared meanwhile: a fault in them comes first.
                found = await comparing ?? found;
                if (found is not null)
                {
                    return found;
                }

                comparing = Task.Run(() => RecordsFault(final!), CancellationToken.None);
            }

            return await comparing;
        }
        finally
        {
            // Nothing may still read the archive when its owner closes it.
            await ((Task)comparing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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
                block.Height.Value, RecordFamily.Blocks, LedgerRecord.KeyOf(block.Height),
                0..block.Encoded.Length, broken);
        }

        final = machine.Finalise([block], audited.Certificate is null ? [] : [audited.Certificate])[0];
        _validators.TryAdd(machine.Epoch.Validators.Hash, machine.Epoch.Validators);
        _transactions += block.Transactions.Count;
        Passed(block.Header, audited.Certificate is not null);
        return null;
    }

    private void Passed(BlockHeader header, bool isCertified)
    {
        _last = header;

        // Nobody certifies the genesis: it is what the chain is named by.
        _uncertifiedFrom = isCertified || header.Height == Height.Genesis ? null : _uncertifiedFrom
            ?? header.Height.Value;
        progress(header.Height.Value, head.Value);
    }

    private AuditFault? RecordsFault(FinalBlock final)
    {
        var height = final.Block.Height;
        foreach (var record in LedgerRecord.OfBlock(final))
        {
            if (AuditFault.Difference(
                height.Value, record, archive.Read(record.Family, record.Key)) is { } fault)
            {
                return fault;
            }
        }

        return _scattered.FaultIn(height, LedgerRecord.Scattered(final));
    }

    private AuditFault? UncertifiedFault() => _uncertifiedFrom is { } height
        ? AuditFault.Of(
            height, RecordFamily.Certificates, LedgerRecord.KeyOf(new(height)), null,
            "neither this block nor one above it has a certificate")
        : null;

    private AuditFault? HeadFault()
    {
        byte[] expected = [.. LedgerRecord.KeyOf(head), .. (_last ?? _state.Head!).ComputeHash().ToArray()];
        LedgerRecord record = new(RecordFamily.Meta, "head"u8.ToArray(), expected);
        return AuditFault.Difference(head.Value, record, archive.Read(record.Family, record.Key));
    }

    /// <summary>
    /// Records that no block has left: above the head, or below what the folder says that it keeps.
    /// </summary>
    private AuditFault? OutsideFault()
    {
        var above = LedgerRecord.KeyOf(head);
        foreach (var (family, kept) in ((RecordFamily, Height)[])
            [
                (RecordFamily.Blocks, start.Kept.Blocks), (RecordFamily.Headers, start.Kept.Headers),
                (RecordFamily.Receipts, start.Kept.Receipts), (RecordFamily.Certificates, start.Kept.Headers),
            ])
        {
            var lowest = LedgerRecord.KeyOf(kept);
            foreach (var key in archive.ReadKeys(family))
            {
                if (key.Length != above.Length || key.AsSpan().SequenceCompareTo(above) > 0)
                {
                    return AuditFault.Of(head.Value, family, key, null, "it stands above the head");
                }

                if (key.AsSpan().SequenceCompareTo(lowest) < 0 && !IsOfChange(family, key))
                {
                    return AuditFault.Of(
                        head.Value, family, key, null, "it stands below what the folder keeps");
                }
            }
        }

        return null;
    }

    /// <summary>What shows that the validators changed is kept however old it is.</summary>
    private bool IsOfChange(RecordFamily family, byte[] key)
        => family is RecordFamily.Headers or RecordFamily.Certificates
            && _changes.Any(height => LedgerRecord.KeyOf(height).AsSpan().SequenceEqual(key));

    private AuditFault? StateFault()
        => UnexecutedStateFault() ?? ContentFault(RecordFamily.State, _state.Entries)
            ?? ContentFault(RecordFamily.StateTree, _state.Pages);

    /// <summary>
    /// Where nothing was executed, the certified state root alone says what the state must be.
    /// </summary>
    private AuditFault? UnexecutedStateFault()
    {
        if (start.Base is null || start.Snapshot is not null)
        {
            return null;
        }

        foreach (var (key, value) in archive.ReadAll(RecordFamily.State))
        {
            if (!StateKey.IsStateKey(key))
            {
                return AuditFault.Of(
                    head.Value, RecordFamily.State, key, 0..value.Length, "no state has such a key");
            }

            _state.Put([(key, value)]);
        }

        return _state.BuildTree(_last!) == _last!.StateRoot
            ? null
            : AuditFault.Of(
                head.Value, RecordFamily.State, [], null,
                "all records together are not what the head's state root names");
    }

    /// <summary>Whether a family holds exactly these records.</summary>
    private AuditFault? ContentFault(RecordFamily family, IReadOnlyDictionary<byte[], byte[]> expected)
    {
        var count = 0;
        foreach (var (key, value) in archive.ReadAll(family))
        {
            if (!expected.TryGetValue(key, out var bytes))
            {
                return AuditFault.Of(
                    head.Value, family, key, 0..value.Length, "execution leaves no such record");
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
