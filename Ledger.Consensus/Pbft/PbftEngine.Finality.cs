using Ledger.Core;

namespace Ledger.Consensus.Pbft;

/// <summary>
/// A quorum's COMMITs in any view make a block and all its ancestors final, in height order.
/// </summary>
public sealed partial class PbftEngine
{
    /// <summary>What a record costs beside its block, roughly: small blocks fill a journal too.</summary>
    private const int RecordBytes = 1024;

    private void OnCommitCertificate(QuorumCertificate certificate, Effects effects)
    {
        _certificates.TryAdd(certificate.Subject.Height, certificate);
        TryDecide(effects);
        Advance(effects);
        RequestProposal(effects);
    }

    /// <summary>Blocks that others have shown to be final. What we hold already is passed over.</summary>
    private void OnSynced(CertifiedSegment segment, Effects effects)
    {
        if (segment.Certificate.Subject.View.Epoch > _epoch.Number)
        {
            _nextEpochs = segment;
            return;
        }

        if (_final.IsClosed || segment.Blocks[0].Height > _final.Height.Next
            || segment.Blocks[^1].Height <= _final.Height)
        {
            return;
        }

        foreach (var block in segment.Blocks)
        {
            if (block.Height > _final.Height)
            {
                _pool.Add(block);
            }
        }

        _certificates.TryAdd(segment.Certificate.Subject.Height, segment.Certificate);
        TryDecide(effects);
        Advance(effects);
        RequestProposal(effects);
    }

    /// <summary>Decides as high as a certificate and an unbroken line of blocks reach.</summary>
    private void TryDecide(Effects effects)
    {
        QuorumCertificate[] waiting = [.. _certificates.Values.Reverse()];
        foreach (var certificate in waiting)
        {
            if (LineTo(certificate.Subject, effects) is { } blocks)
            {
                Decide(blocks, effects);
                return;
            }
        }
    }

    /// <summary>
    /// The blocks from above the final head up to a certified one, ascending; null while one is missing.
    /// </summary>
    private List<Block>? LineTo(Subject certified, Effects effects)
    {
        List<Block> line = [];
        var (hash, height) = (certified.Block, certified.Height);
        while (height > _final.Height)
        {
            if (_pool.Find(hash) is not { } block)
            {
                Fetch(hash, height, effects);
                return null;
            }

            line.Add(block);
            (hash, height) = (block.Parent, height.Previous);
        }

        Invariant.Holds(
            hash == _final.Head, "a block with a commit certificate descends from the final head");
        line.Reverse();
        return line;
    }

    private void Decide(List<Block> blocks, Effects effects)
    {
        var top = blocks[^1].Height;
        QuorumCertificate[] certificates = [.. _certificates.Values.TakeWhile(c => c.Subject.Height <= top)];
        effects.Decide(new(blocks, certificates));
        _committed = certificates[^1].Subject;
        effects.Note(new Notice.PhaseReached(Phase.Committed, _committed.Value));
        foreach (var block in blocks)
        {
            _final.Append(block);
            _certificates.Remove(block.Height);
        }

        SettleBase(effects);
        _safety.ForgetFinal();
        _slots.Forget(_final.Height, View);
        _pool.Forget(block => block.Height <= top);
        _committedSinceRepeat = true;
        if (HasEntered)
        {
            _pacemaker.OnCommit();
        }

        if (_requested is { } request && request.Height <= top)
        {
            _requested = null;
        }

        ReleaseReads(effects);
    }

    /// <summary>
    /// A block is on disk with its certificate: what the journal holds of it is no longer needed. Not before,
    /// or a crash between the two would lose a block that a quorum may need this replica for.
    /// </summary>
    private void OnFinalised(Height height, Effects effects)
    {
        if (height > _durable)
        {
            _durable = height;
        }

        if (_bytesSinceCompaction >= _options.CompactionBytes && _durable == _final.Height)
        {
            _bytesSinceCompaction = 0;
            Compact(effects);
        }
    }

    private void SettleBase(Effects effects)
    {
        if (_safety.MaySettleBase(_committed) is { } settled)
        {
            effects.Persist(settled);
        }
    }

    private void CountTowardsCompaction(Block block)
        => _bytesSinceCompaction += block.Encoded.Length + RecordBytes;
}
