using Ledger.Consensus;
using Ledger.Consensus.Raft;
using Ledger.Core;
using Ledger.Crypto;
using static Ledger.Simulation.Watch;

namespace Ledger.Simulation;

/// <summary>
/// The logs of all Raft validators as their journals have them, and what must be true of them whoever leads
/// (Raft, figure 3): a leader never cuts its own, one index and term means one history, and whoever comes to
/// lead has all that was committed before.
/// </summary>
internal sealed class RaftLogs
{
    private readonly Dictionary<(LogIndex Index, Term Term), (Digest Entry, Term Previous)> _entries = [];
    private readonly Dictionary<Term, ValidatorIndex> _leaders = [];
    private readonly Dictionary<int, Log> _logs = [];

    /// <summary>How far each leader had committed in its term when it was looked at last.</summary>
    private readonly Dictionary<ValidatorIndex, (Term Term, LogIndex Commit)> _led = [];

    /// <summary>
    /// The terms of the entries committed by any leader, from index 1 on, and in which term each was; null
    /// where a mark stood already when that was noticed.
    /// </summary>
    private readonly List<(Term? Entry, Term CommittedIn)> _committed = [];

    private readonly RaftConfiguration _genesis;

    public RaftLogs(Simulator simulator) => _genesis = new(Membership.AllOf(simulator.Validators));

    public IDurable Follow(Host host) => _logs[host.Id] = new(this, host);

    /// <summary>
    /// R7: what a replica goes by is the latest configuration in its log, committed or not (Raft §6).
    /// </summary>
    public void Rests(Host host, RaftEngine engine)
    {
        var log = _logs[host.Id];
        Must(engine.Configuration.Equals(log.Configuration), host, "latest configuration",
            $"goes by {engine.Configuration}; the last one in its log is {log.Configuration}");
        if (engine.IsLeader)
        {
            Leads(host, engine, log);
            LeadsInItsTerm(host, engine, log);
        }
    }

    /// <summary>
    /// R4 and R7: only through an entry of its own term does a leader commit, and before that it changes no
    /// members.
    /// </summary>
    private void LeadsInItsTerm(Host host, RaftEngine engine, Log log)
    {
        var commits = _led.TryGetValue(host.Self, out var before) && before.Term == engine.Term
            && before.Commit < engine.CommitIndex;
        _led[host.Self] = (engine.Term, engine.CommitIndex);
        var committed = log.TermAt(engine.CommitIndex);
        Must(!commits || committed == engine.Term, host, "own term",
            $"leads term {engine.Term} and commits #{engine.CommitIndex}/t{committed}");
        Must(log.ChangedIn != engine.Term || committed == engine.Term, host, "own term",
            $"leads term {engine.Term}, has committed nothing in it, and changes the members to "
            + $"{log.Configuration}");
    }

    /// <summary>
    /// R1 and R4: a term has one leader, and it has every entry that was committed in an earlier one. R5:
    /// what it commits itself is what was committed there before, by anyone.
    /// </summary>
    private void Leads(Host host, RaftEngine engine, Log log)
    {
        if (_leaders.TryAdd(engine.Term, host.Self))
        {
            for (var index = log.Start.Index.Next; index.Value <= (ulong)_committed.Count; index = index.Next)
            {
                var (entry, committedIn) = _committed[(int)index.Value - 1];
                Must(committedIn >= engine.Term || entry is null
                    || log.TermAt(index) == entry, host, "leader completeness",
                    $"leads term {engine.Term} without #{index}/t{entry}, which was committed in term "
                    + $"{committedIn}");
            }
        }

        Must(_leaders[engine.Term] == host.Self, host, "one leader",
            $"leads term {engine.Term}, and R{_leaders[engine.Term]} has led it");
        for (var index = new LogIndex((ulong)_committed.Count + 1); index <= engine.CommitIndex; index =
            index.Next)
        {
            _committed.Add((log.TermAt(index), engine.Term));
        }

        var last = engine.CommitIndex;
        Must(
            last == LogIndex.Zero || log.TermAt(last) is not { } term
            || _committed[(int)last.Value - 1].Entry is not { } known || known == term, host,
            "state machine safety",
            $"commits #{last}/t{log.TermAt(last)}, and another entry was committed there");
    }

    /// <summary>One validator's term, vote and log, as a crash right now would leave them.</summary>
    private sealed class Log(RaftLogs all, Host host) : IDurable
    {
        /// <summary>The entries after <see cref="Start"/>.</summary>
        private readonly List<Place> _places = [];

        /// <summary>
        /// What the last write held and cut again: words of one turn that rest on it are said after it, as if
        /// they had been late on their way.
        /// </summary>
        private readonly List<Place> _cut = [];

        /// <summary>The votes of the last write, for the same reason; the last of them stands.</summary>
        private readonly List<TermEntered> _votes = [];

        /// <summary>The terms of the log's end in the course of the last write, likewise.</summary>
        private readonly List<Term> _ends = [];

        public SnapshotMark Start { get; private set; } = new(
            LogIndex.Zero, Term.Zero, default, all._genesis);

        private ulong LastIndex => Start.Index.Value + (ulong)_places.Count;

        public RaftConfiguration Configuration => Last.Configuration;

        /// <summary>In which term the members were changed last, as far back as the log reaches.</summary>
        public Term? ChangedIn => Last.ChangedIn;

        private Place Last
            => _places.Count > 0 ? _places[^1] : new(Start.Term, null, Start.Configuration, null);

        public Term? TermAt(LogIndex index)
            => index == Start.Index ? Start.Term
                : index > Start.Index && index.Value <= LastIndex
                ? _places[(int)(index.Value - Start.Index.Value) - 1].Term
                : null;

        public void Add(IReadOnlyList<JournalRecord> records, bool replaces)
        {
            // A turn compacts after it has written, before it speaks.
            if (!replaces)
            {
                _cut.Clear();
                _ends.Clear();
                _votes.RemoveRange(0, Math.Max(0, _votes.Count - 1));
            }
            else
            {
                _places.Clear();
                Start = new(LogIndex.Zero, Term.Zero, default, all._genesis);
            }

            foreach (var record in records)
            {
                switch (record)
                {
                    case TermEntered entered:
                        _votes.Add(entered);
                        break;
                    case Stored stored:
                        Store(stored.Entry);
                        break;
                    case Truncated truncated:
                        Must(host.Life?.Engine.IsPrimary != true, host, "leader append-only",
                            $"leads and cuts its log before #{truncated.From}");
                        Cut((int)(truncated.From.Value - Start.Index.Value - 1), (int)(
                            LastIndex - truncated.From.Value + 1));
                        break;
                    case Snapshotted snapshotted:
                        StartFrom(snapshotted.Mark);
                        break;
                    default:
                        break;
                }

                _ends.Add(Last.Term);
            }
        }

        public bool Holds(in Statement statement) => statement.Kind switch
        {
            StatementKind.Vote => HasVoted(statement.View, (int)statement.CertifiedView.Value),
            StatementKind.Append => statement.Height.Value <= LastIndex + (ulong)_cut.Count,

            // R6: behind an entry of that term, so that a majority of such words proves that the block is
            // committed.
            _ => (Last.Term.AsView == statement.View || HasEndedIn(statement.View))
                && (Holds(statement.Digest) || host.Ledger.Find(statement.Digest) is not null),
        };

        private bool Holds(Digest block)
            => _places.Exists(place => place.Block == block) || _cut.Exists(place => place.Block == block);

        private bool HasVoted(View view, int candidate)
            => _votes.Exists(vote => vote.Term.AsView == view && vote.VotedFor?.Value == candidate);

        private bool HasEndedIn(View term) => _ends.Exists(end => end.AsView == term);

        private void Cut(int from, int count)
        {
            _cut.AddRange(_places.GetRange(from, count));
            _places.RemoveRange(from, count);
        }

        /// <summary>
        /// R3: by induction along the terms before, equal pairs of index and term have equal logs below.
        /// </summary>
        private void Store(LogEntry entry)
        {
            var last = Last;
            var content = (Sha256.Hash(System.Text.Encoding.UTF8.GetBytes(entry.ToString()!)), last.Term);
            var key = (entry.Index, entry.Term);
            Must(
                all._entries.TryAdd(key, content) || all._entries[key] == content, host, "log matching",
                $"stores {entry} after an entry of term {last.Term}; another log has other things there");
            var change = entry as ConfigurationEntry;
            var block = (entry as BlockEntry)?.Id.Hash;
            Must(
                entry.Index.Value == LastIndex + 1, host, "log matching",
                $"stores {entry} where its log ends at #{LastIndex}");
            _places.Add(new(
                entry.Term, block, change?.Configuration ?? last.Configuration, change?.Term
                ?? last.ChangedIn));
        }

        /// <summary>
        /// A mark over entries that are here keeps those behind it; over others it replaces them all.
        /// </summary>
        private void StartFrom(SnapshotMark mark)
        {
            var covered = (int)Math.Min(LastIndex, mark.Index.Value) - (int)Start.Index.Value;
            var agrees = covered > 0 && mark.Index.Value <= LastIndex
                && _places[covered - 1].Term == mark.Term;
            _places.RemoveRange(0, agrees ? covered : _places.Count);
            Start = mark;
        }

        private sealed record Place(
            Term Term, Digest? Block, RaftConfiguration Configuration, Term? ChangedIn);
    }
}
