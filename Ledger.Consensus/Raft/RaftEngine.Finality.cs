using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Consensus.Raft;

/// <summary>
/// From replicated to final: an entry of the leader's own term that a majority holds is committed with all
/// before it (Raft §5.4.2), and a block is decided once a certificate shows the world so.
/// </summary>
public sealed partial class RaftEngine
{
    private readonly Endorsements _endorsements = new();

    /// <summary>The certificate of the highest block that is known to have one.</summary>
    private QuorumCertificate? _certificate;

    private BlockId _decided;
    private Height _durable;

    private Height Certified => _certificate?.Subject.Height ?? Height.Genesis;

    /// <summary>
    /// An acknowledgement's signature, if it is on a block of our log that still lacks a certificate.
    /// </summary>
    private void Endorse(Verified message, Appended appended, Effects effects)
    {
        if (appended.Block is not { } block || block.Height <= Certified || appended.Index < Log.Start.Index
            || _safety.MaySign(appended.Index) != block)
        {
            return;
        }

        var subject = new Subject(Term.AsView, block.Height, block.Hash);
        var configuration = ConfigurationOf(block);
        if (_endorsements.Add(
            subject, message.From, message.Envelope.Signature, configuration) is { } certificate)
        {
            Certify(certificate);
            if (Decide(effects))
            {
                TellCertificate(effects);
            }
        }
    }

    private RaftConfiguration ConfigurationOf(BlockId block)
        => Log.IndexOf(block.Height) is { } index ? Log.ConfigurationAt(index) : Log.Start.Configuration;

    private void Certify(QuorumCertificate certificate)
    {
        if (certificate.Subject.Height > Certified)
        {
            _certificate = certificate;
            _endorsements.Forget(certificate.Subject.Height);
        }
    }

    private void TryCommit(Effects effects)
    {
        LogIndex reached = new(Configuration.ReachedByQuorum(
            voter => _progress.TryGetValue(voter, out var progress) ? progress.Match.Value : 0));
        if (!_safety.MayCommit(reached))
        {
            return;
        }

        CommitTo(reached, effects);
        TellCommitted(effects);
        AnswerHeldReads(effects);
        OnMembersCommitted(effects);
        RequestProposal(effects);
    }

    private void CommitTo(LogIndex index, Effects effects)
    {
        var from = _safety.Commit;
        if (index <= from)
        {
            return;
        }

        _safety.CommitTo(index);
        for (var i = from.Next; i <= index; i = i.Next)
        {
            if (Log[i] is ConfigurationEntry change)
            {
                if (change.Certificate is { } certificate)
                {
                    Certify(certificate);
                }

                NoticeRemoval(change, effects);
            }
        }

        Decide(effects);
        if (_installing?.Mark.Index <= index)
        {
            // The log got there first.
            _installing = null;
        }

        if (_options.IsWitness)
        {
            // There is no store behind a witness: what is committed is done with.
            ForgetUpTo(_safety.Commit, effects);
        }
    }

    /// <summary>Decides as high as the certificate reaches within what is committed.</summary>
    private bool Decide(Effects effects)
    {
        if (_options.IsWitness
            || _certificate is not { } certificate || certificate.Subject.Height <= _decided.Height
            || Log.IndexOf(certificate.Subject.Height) is not { } top || top > _safety.Commit
            || Log.BlockAt(top).Hash != certificate.Subject.Block)
        {
            return false;
        }

        List<Block> blocks = [];
        for (var height = _decided.Height.Next; height <= certificate.Subject.Height; height = height.Next)
        {
            if (Log.IndexOf(height) is not { } index || Log[index] is not BlockEntry { Body: { } body })
            {
                // Below what the log starts from: the state comes as a snapshot.
                return false;
            }

            blocks.Add(body);
        }

        Invariant.Holds(blocks[0].Parent == _decided.Hash, "R5: decided blocks form one chain");
        _decided = new(blocks[^1].Height, blocks[^1].Hash);
        effects.Decide(new(blocks, [certificate]));
        effects.Note(new Notice.PhaseReached(Phase.Committed, certificate.Subject));
        RequestProposal(effects);
        return true;
    }

    private void OnCommitted(ValidatorIndex from, Committed committed, Effects effects)
    {
        if (!Hears(from, committed.Term, effects))
        {
            return;
        }

        if (committed.Certificate is { } certificate && IsCertificateOfOurs(certificate))
        {
            Certify(certificate);
        }

        // R5: only as far as this log is known to be the leader's.
        CommitTo(LogIndex.Min(committed.Index, _safety.Matched), effects);
        Decide(effects);
    }

    /// <summary>
    /// The signatures hold, as the gate has seen; whether they are a majority only the log can say.
    /// </summary>
    private bool IsCertificateOfOurs(QuorumCertificate certificate)
        => Log.IndexOf(certificate.Subject.Height) is { } index
            && Log.BlockAt(index).Hash == certificate.Subject.Block
            && Log.ConfigurationAt(index).IsCertifiedBy(certificate);

    private void TellCommitted(Effects effects)
    {
        foreach (var (member, progress) in _progress)
        {
            TellCommitted(member, progress, effects);
        }
    }

    /// <summary>Tells a member what it has been sent and does not know to be committed.</summary>
    private void TellCommitted(ValidatorIndex member, Progress progress, Effects effects)
    {
        var reached = LogIndex.Min(_safety.Commit, progress.Next.Previous);
        if (member != _self && progress.State == ProgressState.Replicate && progress.Told < reached)
        {
            progress.Told = reached;
            effects.Hint(CommittedNow(), Recipients.Just(member));
        }
    }

    /// <summary>Again, to one that has the entries and, by its own word, does not know.</summary>
    private void TellAgain(ValidatorIndex member, Progress progress, HeartbeatReply reply, Effects effects)
    {
        var reached = LogIndex.Min(progress.Match, _safety.Commit);
        var lacksCertificate = reply.Decided < Certified && !Configuration.IsWitness(member);
        if (reply.Committed < reached || (lacksCertificate && progress.State == ProgressState.Replicate))
        {
            effects.Hint(CommittedNow(), Recipients.Just(member));
        }

        if (progress.IsDeparting && reply.Committed >= Log.ConfigurationIndex)
        {
            _progress.Remove(member);
        }
    }

    /// <summary>The certificate came after the commit.</summary>
    private void TellCertificate(Effects effects)
    {
        foreach (var (member, progress) in _progress)
        {
            if (member != _self && progress.State == ProgressState.Replicate)
            {
                effects.Hint(CommittedNow(), Recipients.Just(member));
            }
        }
    }

    private Committed CommittedNow()
    {
        var certificate = Certified <= Log.BlockAt(_safety.Commit).Height ? _certificate : null;
        return new(Term, _safety.Commit, certificate);
    }

    /// <summary>
    /// Signatures lost with their messages are asked for again, while the last committed block lacks them.
    /// </summary>
    private void AskEndorsements(Effects effects)
    {
        var block = Log.BlockAt(_safety.Commit);
        if (block.Height <= Certified || !_safety.HasCommittedInTerm)
        {
            return;
        }

        foreach (var member in ConfigurationOf(block).Certifiers)
        {
            if (member != _self && _progress.TryGetValue(member, out var progress)
                && progress.Match >= _safety.Commit && !_endorsements.Has(block.Height, member))
            {
                effects.Hint(new AppendEntries(Term, _safety.Commit, Term, []), Recipients.Just(member));
            }
        }
    }

    /// <summary>
    /// A block is in the store with its state: the log keeps it only for slow followers, the journal no
    /// longer.
    /// </summary>
    private void OnFinalised(Height height, Effects effects)
    {
        _durable = height > _durable ? height : _durable;
        _safety.Ledger = _durable;
        OnStateReached(effects);
        if (!HasSeat)
        {
            AskForBlocks(_neighbour, effects);
        }

        FollowLedger(effects);
        if (Log.IndexOf(_durable) is not { } final || final > _safety.Commit)
        {
            return;
        }

        if (_safety.BytesStored >= _options.CompactionBytes)
        {
            effects.Compact(_safety.Compacted(final));
        }

        var excess = final.Value - Log.Start.Index.Value;
        if (excess > 2 * (ulong)_options.EntriesRetained)
        {
            _safety.Forget(new(final.Value - (ulong)_options.EntriesRetained));
        }
        else if (Log.Bytes > _options.BytesRetained && excess > 1)
        {
            _safety.Forget(new(final.Value - (excess / 2)));
        }
    }

    private void ForgetUpTo(LogIndex index, Effects effects)
    {
        if (index.Value - Log.Start.Index.Value > (ulong)_options.EntriesRetained)
        {
            _safety.Forget(index);
            effects.Compact(_safety.Compacted(index));
        }
    }
}
