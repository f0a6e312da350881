using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Consensus.Raft;

/// <summary>
/// A follower that needs entries which the leader's log has let go fetches the state instead (Raft §7). The
/// engine says which state and counts how far it is; the world moves the bytes, as a snapshot in chunks or as
/// certified blocks, whichever is cheaper, and goes on where it was when the leader changes.
/// </summary>
public sealed partial class RaftEngine
{
    private Installation? _installing;

    private void OfferSnapshot(ValidatorIndex to, Progress progress, Effects effects)
    {
        progress.Offer(Log.Start);
        effects.Hint(new InstallSnapshot(Term, Log.Start), Recipients.Just(to));
    }

    private void RepeatSnapshotOffer(ValidatorIndex to, Progress progress, Effects effects)
    {
        if (progress is { State: ProgressState.Snapshot, Offered: { } mark }
            && progress.SilentTicks > _options.ElectionTicks)
        {
            progress.SilentTicks = 0;
            effects.Hint(new InstallSnapshot(Term, mark), Recipients.Just(to));
        }
    }

    private void OnInstallSnapshot(ValidatorIndex from, InstallSnapshot install, Effects effects)
    {
        if (!Hears(from, install.Term, effects))
        {
            return;
        }

        var mark = install.Mark;
        if (Contradicts(mark.Block))
        {
            effects.Note(new Notice.LogRefused(from, $"h{mark.Block.Height} is final and differs"));
            return;
        }

        if (mark.Index <= _safety.Commit)
        {
            AcknowledgeAgain(_safety.Commit, from, effects);
            return;
        }

        // The world goes on with what it has of the same state, whoever serves it.
        var bytes = _installing is { } current && current.Mark.Block == mark.Block ? current.Bytes : 0;
        var isUnderWay = _installing is { } known && known.Mark == mark && known.From == from;
        _installing = new(mark, from, bytes);
        if (_options.IsWitness || _durable >= mark.Block.Height)
        {
            OnStateReached(effects);
        }
        else if (!isUnderWay)
        {
            effects.InstallSnapshot(mark.Block.Height, mark.Block.Hash, from, bytes);
        }
        else
        {
            TellSnapshotStatus(effects);
        }
    }

    private void OnSnapshotReceived(Height height, ulong bytes, Effects effects)
    {
        if (_installing is { } current && current.Mark.Block.Height == height && bytes > current.Bytes)
        {
            _installing = current with { Bytes = bytes };
            TellSnapshotStatus(effects);
        }
    }

    private void TellSnapshotStatus(Effects effects)
    {
        if (_installing is { } current && Leader is { } leader)
        {
            effects.Hint(
                new SnapshotStatus(Term, current.Mark.Index, current.Bytes), Recipients.Just(leader));
        }
    }

    private void OnSnapshotStatus(ValidatorIndex from, SnapshotStatus status, Effects effects)
    {
        if (status.Term > Term)
        {
            EnterTerm(status.Term, effects);
        }
        else if (IsLeader && status.Term == Term && _progress.TryGetValue(from, out var progress)
            && progress.Offered?.Index == status.Index)
        {
            progress.Heard();
            progress.SnapshotMoved(status.Bytes);
        }
    }

    /// <summary>
    /// The world has put a final state in place, at the height that was asked for or above.
    /// </summary>
    private void OnSnapshotInstalled(BlockId block, Effects effects)
    {
        if (block.Height <= _decided.Height)
        {
            return;
        }

        _decided = block;
        _durable = block.Height;
        _safety.Ledger = block.Height;
        OnStateReached(effects);
    }

    /// <summary>Final blocks from a peer: decided here as they are, the certificate proves them.</summary>
    private void OnSynced(CertifiedSegment segment, Effects effects)
    {
        if (segment.Blocks[0].Height > _decided.Height.Next || segment.Blocks[^1].Height <= _decided.Height
            || _options.IsWitness)
        {
            return;
        }

        Block[] blocks = [.. segment.Blocks.SkipWhile(block => block.Height <= _decided.Height)];
        if (blocks[0].Parent != _decided.Hash)
        {
            return;
        }

        _decided = new(blocks[^1].Height, blocks[^1].Hash);
        effects.Decide(new(blocks, [segment.Certificate]));
    }

    /// <summary>With the state in the store, the log may start from the mark.</summary>
    private void OnStateReached(Effects effects)
    {
        if (_installing is not { } current || (_durable < current.Mark.Block.Height && !_options.IsWitness))
        {
            return;
        }

        _installing = null;
        if (_safety.MayInstall(current.Mark) is not { } record)
        {
            return;
        }

        NoticeMembers(effects);
        if (Leader is { } leader)
        {
            Acknowledge(record, current.Mark.Index, leader, effects);
        }
        else
        {
            effects.Persist(record);
        }
    }

    private sealed record Installation(SnapshotMark Mark, ValidatorIndex From, ulong Bytes);
}
