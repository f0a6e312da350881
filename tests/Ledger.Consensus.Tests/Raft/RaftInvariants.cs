using Ledger.Consensus.Raft;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Consensus.Tests.Raft;

/// <summary>
/// Raft's properties (figure 3 of the paper), watched over a whole run: what is seen once must never be
/// contradicted by anyone, dead or alive.
/// </summary>
internal sealed class RaftInvariants
{
    private readonly Dictionary<Term, ValidatorIndex> _leaders = [];
    private readonly Dictionary<(LogIndex, Term), (string Entry, Term Previous)> _entries = [];
    private readonly SortedDictionary<LogIndex, (Term Term, string Entry)> _committed = [];
    private readonly SortedDictionary<Height, Digest> _final = [];
    private readonly Dictionary<(ValidatorIndex, Term), ValidatorIndex> _votes = [];
    private readonly Dictionary<ValidatorIndex, (Term Term, LogIndex Last)> _leading = [];
    private readonly Dictionary<ValidatorIndex, (LogIndex Last, Term Term, LogIndex Commit)> _seen = [];

    /// <summary>R1 at the wire: fails at the second vote, long before there are two leaders.</summary>
    public void OnSaid(Envelope envelope)
    {
        var (term, candidate) = envelope.Message switch
        {
            Vote vote => (vote.Term, vote.Candidate),
            RequestVote request => (request.Term, request.Candidate),
            _ => (Term.Zero, default),
        };
        if (term > Term.Zero)
        {
            Holds(
                _votes.TryAdd((envelope.From, term), candidate) || _votes[(envelope.From, term)] == candidate,
                $"R1: R{envelope.From} votes once in t{term}");
        }
    }

    public void OnFinal(Block block)
        => Holds(
            _final.TryAdd(block.Height, block.Hash) || _final[block.Height] == block.Hash,
            $"R5: one block at h{block.Height}");

    public void Check(ValidatorIndex self, RaftEngine engine)
    {
        CheckLeader(self, engine);
        var now = (engine.LastIndex, engine.Log.LastTerm, engine.CommitIndex);
        if (_seen.TryGetValue(self, out var before) && before == now)
        {
            return;
        }

        _seen[self] = now;
        CheckLog(engine);
    }

    private void CheckLeader(ValidatorIndex self, RaftEngine engine)
    {
        if (!engine.IsLeader)
        {
            _leading.Remove(self);
            return;
        }

        Holds(
            _leaders.TryAdd(engine.Term, self) || _leaders[engine.Term] == self,
            $"R1: one leader in t{engine.Term}");
        var isNew = !_leading.TryGetValue(self, out var before) || before.Term != engine.Term;
        Holds(isNew || engine.LastIndex >= before.Last, $"R2: the log of R{self} grows while it leads");
        if (isNew)
        {
            foreach (var (index, (term, _)) in _committed)
            {
                Holds(
                    index <= engine.Log.Start.Index || engine.Log.TermAt(index) == term,
                    $"R4: R{self} leads t{engine.Term} with the committed #{index}/t{term}");
            }
        }

        _leading[self] = (engine.Term, engine.LastIndex);
    }

    private void CheckLog(RaftEngine engine)
    {
        var log = engine.Log;
        for (var index = log.FirstIndex; index <= log.LastIndex; index = index.Next)
        {
            var entry = log[index];
            var text = Describe(entry);
            var previous = log.TermAt(index.Previous)!.Value;
            Holds(
                _entries.TryAdd((index, entry.Term), (text, previous))
                    || _entries[(index, entry.Term)] == (text, previous),
                $"R3: one entry, behind one other, at #{index}/t{entry.Term}");
            if (index <= engine.CommitIndex)
            {
                Holds(
                    _committed.TryAdd(index, (entry.Term, text)) || _committed[index] == (entry.Term, text),
                    $"R5: one entry is committed at #{index}");
            }
        }
    }

    private static string Describe(LogEntry entry)
        => entry is BlockEntry block ? block.WithoutBody().ToString() : entry.ToString();

    private static void Holds(bool condition, string claim) => Assert.True(condition, claim);
}
