using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Consensus.Raft;

/// <summary>
/// The leader's log becomes everyone's (Raft §5.3), as the leader sees it. Entries leave before they are
/// durable here: the leader counts itself only once they are, like any other, so its disk and the followers'
/// work at the same time (dissertation §10.2.1).
/// </summary>
public sealed partial class RaftEngine
{
    private readonly SortedDictionary<ValidatorIndex, Progress> _progress = [];
    private ProposalRequest? _requested;

    private void OnProposed(ProposalRequest request, Block block, Effects effects)
    {
        if (request != _requested)
        {
            effects.Note(new Notice.ProposalDropped(block));
            return;
        }

        _requested = null;
        if (!IsLeader || !MayPropose)
        {
            effects.Note(new Notice.ProposalDropped(block));
            return;
        }

        Append(new BlockEntry(Term, Log.LastIndex.Next, block), effects);
        effects.Note(new Notice.PhaseReached(Phase.Proposed, new(Term.AsView, block.Height, block.Hash)));
        RequestProposal(effects);
    }

    /// <summary>
    /// A block stands on what was executed here, which is what was decided or proposed here; and none is made
    /// while the voters change, so that each is certified by one set.
    /// </summary>
    private bool MayPropose
        => _transfer is null && VotersAreStated
            && !Configuration.IsJoint && Log.ConfigurationIndex <= _safety.Commit
            && (Log.LastBlock == _decided || IsOwn(Log.LastBlock))
            && Log.LastBlock.Height.Value < _decided.Height.Value + (ulong)_options.Window;

    private bool IsOwn(BlockId block) => Log.IndexOf(block.Height) is { } index && Log.TermAt(index) == Term;

    private void RequestProposal(Effects effects)
    {
        if (!IsLeader || _requested is not null || !MayPropose || !_safety.HasCommittedInTerm)
        {
            return;
        }

        _requested = new(Term.AsView, Log.LastBlock.Height.Next, Log.LastBlock.Hash, AllowEmpty: false);
        effects.RequestProposal(_requested);
    }

    /// <summary>
    /// A leader's new entry: sent to all at once, acknowledged by itself when it is durable.
    /// </summary>
    private void Append(LogEntry entry, Effects effects)
    {
        if (_safety.MayAppend(entry) is not { } record)
        {
            return;
        }

        Acknowledge(record, entry.Index, _self, effects);
        Broadcast(effects);
    }

    private void Broadcast(Effects effects)
    {
        foreach (var (member, progress) in _progress)
        {
            if (member != _self)
            {
                Send(member, progress, effects);
            }
        }
    }

    /// <summary>Sends what a member lacks, as far as its window reaches.</summary>
    private void Send(ValidatorIndex to, Progress progress, Effects effects)
    {
        while (progress.MaySend && progress.Next <= Log.LastIndex)
        {
            var previous = progress.Next.Previous;
            if (Log.TermAt(previous) is not { } previousTerm)
            {
                OfferSnapshot(to, progress, effects);
                return;
            }

            var entries = Batch(progress.Next, Configuration.IsWitness(to), out var bytes);
            effects.Hint(new AppendEntries(Term, previous, previousTerm, entries), Recipients.Just(to));
            progress.Sent(entries[^1].Index, bytes);
        }
    }

    private List<LogEntry> Batch(LogIndex from, bool isWitness, out int bytes)
    {
        List<LogEntry> entries = [];
        bytes = 0;
        for (var index = from; index <= Log.LastIndex
            && entries.Count < RaftCodec.EntriesMax; index = index.Next)
        {
            var entry = Log[index];
            if (isWitness && entry is BlockEntry block)
            {
                entry = block.WithoutBody();
            }

            if (entries.Count > 0 && bytes + entry.Bytes > _options.BatchBytesMax)
            {
                break;
            }

            entries.Add(entry);
            bytes += entry.Bytes;
        }

        return entries;
    }

    private void OnAppended(Verified message, Appended appended, Effects effects)
    {
        if (message.From == _self)
        {
            _said = message;
        }

        if (appended.Term > Term)
        {
            EnterTerm(appended.Term, effects);
            return;
        }

        if (!IsLeader || appended.Term != Term || appended.Index > Log.LastIndex
            || !_progress.TryGetValue(message.From, out var progress))
        {
            return;
        }

        progress.Heard();
        progress.Acknowledged(appended.Index);
        Endorse(message, appended, effects);
        TryCommit(effects);
        if (message.From != _self && IsLeader)
        {
            Send(message.From, progress, effects);
            TellCommitted(message.From, progress, effects);
            ContinueTransfer(effects);
        }

        ContinueChange(effects);
    }

    /// <summary>
    /// Goes back a term at a time: to our last entry of the follower's term, or before its first of it.
    /// </summary>
    private void OnAppendRefused(ValidatorIndex from, AppendRefused refused, Effects effects)
    {
        if (refused.Term > Term)
        {
            EnterTerm(refused.Term, effects);
            return;
        }

        if (!IsLeader || refused.Term != Term || !_progress.TryGetValue(from, out var progress))
        {
            return;
        }

        progress.Heard();
        if (refused.PreviousIndex <= progress.Match || progress.State == ProgressState.Snapshot)
        {
            return;
        }

        if (progress.State == ProgressState.Replicate)
        {
            progress.Probe(progress.Match.Next);
        }
        else if (refused.PreviousIndex == progress.Next.Previous)
        {
            var last = refused.ConflictTerm is { } term
                ? Log.LastOfTerm(term, refused.PreviousIndex.Previous) : null;
            var next = last?.Next ?? refused.ConflictIndex;
            progress.Probe(LogIndex.Max(new(1), LogIndex.Min(next, refused.PreviousIndex)));
        }

        Send(from, progress, effects);
    }

    private void OnHeartbeat(ValidatorIndex from, Heartbeat heartbeat, Effects effects)
    {
        if (from == _self)
        {
            return;
        }

        var round = Hears(from, heartbeat.Term, effects) ? heartbeat.Round : 0;
        effects.Hint(new HeartbeatReply(Term, round, _safety.Commit, _decided.Height), Recipients.Just(from));
    }

    private void OnHeartbeatReply(ValidatorIndex from, HeartbeatReply reply, Effects effects)
    {
        if (reply.Term > Term)
        {
            EnterTerm(reply.Term, effects);
            return;
        }

        if (!IsLeader || reply.Term != Term || !_progress.TryGetValue(from, out var progress))
        {
            return;
        }

        progress.Heard();
        progress.Round = Math.Max(progress.Round, reply.Round);
        ConfirmReads(effects);
        TellAgain(from, progress, reply, effects);
        Send(from, progress, effects);
    }

    private void OnLeaderTick(Effects effects)
    {
        _ticks++;
        foreach (var (member, progress) in _progress)
        {
            progress.IdleTicks++;
            progress.UnheardTicks++;
            if (++progress.SilentTicks > _options.ElectionTicks && progress.AwaitsAnswer)
            {
                progress.Probe(progress.Match.Next);
            }

            if (member != _self)
            {
                RepeatSnapshotOffer(member, progress, effects);
                Send(member, progress, effects);
            }
        }

        if (_ticks % _options.HeartbeatTicks == 0)
        {
            StartRound(effects);
            AskEndorsements(effects);
        }

        AgeChange(effects);
        AgeTransfer(effects);
        if (_ticks >= _options.ElectionTicks)
        {
            _ticks = 0;
            CheckQuorum(effects);
            RequestProposal(effects);
        }
    }

    /// <summary>What was on the way to a peer is lost with its last connection.</summary>
    private void OnPeerConnected(ValidatorIndex peer, Effects effects)
    {
        _neighbour = peer;
        if (!HasSeat)
        {
            AskForBlocks(peer, effects);
            return;
        }

        if (IsLeader && _progress.TryGetValue(peer, out var progress) && peer != _self)
        {
            if (progress.State != ProgressState.Snapshot)
            {
                progress.Probe(progress.Match.Next);
            }

            Send(peer, progress, effects);
            effects.Hint(new Heartbeat(Term, _round), Recipients.Just(peer));
        }
    }
}
