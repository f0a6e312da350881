using Ledger.Core;

namespace Ledger.Consensus.Raft;

/// <summary>
/// The entries after a mark, in order, and beside each what holds there: the last block at or below it and
/// the configuration in force, so that cutting the log restores both.
/// </summary>
internal sealed class RaftLog(SnapshotMark start)
{
    /// <summary>More entries than any log holds for one block, those without a block included.</summary>
    private const int EntriesPerBlock = 1 << 20;

    private readonly List<Place> _places = [];

    /// <summary>What the log starts from.</summary>
    public SnapshotMark Start { get; private set; } = start;

    public LogIndex FirstIndex => Start.Index.Next;

    public LogIndex LastIndex => new(Start.Index.Value + (ulong)_places.Count);

    public Term LastTerm => _places.Count > 0 ? _places[^1].Entry.Term : Start.Term;

    /// <summary>The last block in the log, or the mark's.</summary>
    public BlockId LastBlock => _places.Count > 0 ? _places[^1].Block : Start.Block;

    /// <summary>The latest configuration counts, committed or not (Raft §6).</summary>
    public RaftConfiguration Configuration
        => _places.Count > 0 ? _places[^1].Configuration : Start.Configuration;

    /// <summary>The entry that the latest configuration came with, or the mark's index.</summary>
    public LogIndex ConfigurationIndex => _places.Count > 0 ? _places[^1].ConfigurationIndex : Start.Index;

    /// <summary>Bytes of all entries held.</summary>
    public long Bytes { get; private set; }

    public bool Holds(LogIndex index) => index > Start.Index && index <= LastIndex;

    public LogEntry this[LogIndex index] => At(index).Entry;

    /// <summary>
    /// Where a log begins that nobody has any more, behind the last block of a restored ledger: beyond any
    /// place that this block, or one below it, had in the log that was lost.
    /// </summary>
    public static LogIndex RestoredAt(Height ledger) => new(checked(ledger.Value * EntriesPerBlock));

    /// <summary>Null when the index is beyond the end or lies below the mark.</summary>
    public Term? TermAt(LogIndex index)
        => index == Start.Index ? Start.Term : Holds(index) ? At(index).Entry.Term : null;

    /// <summary>The last block at or below an index that is the mark's or above it.</summary>
    public BlockId BlockAt(LogIndex index) => index == Start.Index ? Start.Block : At(index).Block;

    /// <summary>The configuration in force at an index that is the mark's or above it.</summary>
    public RaftConfiguration ConfigurationAt(LogIndex index)
        => index == Start.Index ? Start.Configuration : At(index).Configuration;

    /// <summary>Where the block of this height stands, if the log holds it.</summary>
    public LogIndex? IndexOf(Height height)
    {
        // Heights never fall along the log: the first place that has reached this one holds its block.
        var (low, high) = (0, _places.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _places[middle].Block.Height < height ? (middle + 1, high) : (low, middle);
        }

        return low < _places.Count && _places[low].Block.Height == height && height > Start.Block.Height
            ? _places[low].Entry.Index
            : null;
    }

    /// <summary>The first index of the run of entries with the term that stands at an index held.</summary>
    public LogIndex FirstOfTermAt(LogIndex index)
    {
        var term = TermAt(index);
        while (Holds(index) && TermAt(index.Previous) == term)
        {
            index = index.Previous;
        }

        return LogIndex.Max(index, FirstIndex);
    }

    /// <summary>The last index with this term at or below another, if any.</summary>
    public LogIndex? LastOfTerm(Term term, LogIndex atMost)
    {
        for (var index = LogIndex.Min(atMost, LastIndex); Holds(index); index = index.Previous)
        {
            if (At(index).Entry.Term <= term)
            {
                return At(index).Entry.Term == term ? index : null;
            }
        }

        return null;
    }

    /// <summary>
    /// Whether an entry may stand next: a block must be the child of the last one, as far as can be seen.
    /// </summary>
    public bool MayFollow(LogEntry entry)
    {
        if (entry.Index != LastIndex.Next || entry.Term < LastTerm)
        {
            return false;
        }

        return entry is not BlockEntry block
            || (block.Id.Height == LastBlock.Height.Next
                && (block.Body is null || block.Body.Parent == LastBlock.Hash));
    }

    public void Add(LogEntry entry)
    {
        Invariant.Holds(MayFollow(entry), "R3: an entry stands right behind the one it was made for");
        var place = entry switch
        {
            BlockEntry block => new Place(entry, block.Id, Configuration, ConfigurationIndex),
            ConfigurationEntry change => new Place(entry, LastBlock, change.Configuration, entry.Index),
            _ => new Place(entry, LastBlock, Configuration, ConfigurationIndex),
        };
        _places.Add(place);
        Bytes += entry.Bytes;
    }

    /// <summary>Cuts the log before an index.</summary>
    public void Truncate(LogIndex from)
    {
        Invariant.Holds(Holds(from), "what is cut is there");
        var kept = (int)(from.Value - FirstIndex.Value);
        for (var i = kept; i < _places.Count; i++)
        {
            Bytes -= _places[i].Entry.Bytes;
        }

        _places.RemoveRange(kept, _places.Count - kept);
    }

    /// <summary>The mark that would stand for everything up to an index held.</summary>
    public SnapshotMark MarkAt(LogIndex index)
    {
        if (index == Start.Index)
        {
            return Start;
        }

        var place = At(index);
        return new(index, place.Entry.Term, place.Block, place.Configuration);
    }

    /// <summary>
    /// Starts from a mark: entries after it stay if the log agrees with it, otherwise none do.
    /// </summary>
    public void StartFrom(SnapshotMark mark)
    {
        if (mark.Index <= Start.Index)
        {
            return;
        }

        var agrees = TermAt(mark.Index) == mark.Term;
        var gone = agrees ? (int)(mark.Index.Value - Start.Index.Value) : _places.Count;
        for (var i = 0; i < gone; i++)
        {
            Bytes -= _places[i].Entry.Bytes;
        }

        _places.RemoveRange(0, gone);
        Start = mark;
    }

    private Place At(LogIndex index)
    {
        Invariant.Holds(Holds(index), "the log holds what is asked of it");
        return _places[(int)(index.Value - FirstIndex.Value)];
    }

    private readonly record struct Place(
        LogEntry Entry, BlockId Block, RaftConfiguration Configuration, LogIndex ConfigurationIndex);
}
