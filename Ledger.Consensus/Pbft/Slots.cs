using Ledger.Core;

namespace Ledger.Consensus.Pbft;

/// <summary>What has been heard for one (view, height).</summary>
internal sealed class Slot(ValidatorSet validators)
{
    public VoteSet Prepares { get; } = new(StatementKind.Prepare, validators);

    public VoteSet Commits { get; } = new(StatementKind.Commit, validators);

    /// <summary>The primary's first proposal.</summary>
    public Block? Proposal { get; set; }
}

/// <summary>The slots of the window: bounded by its heights and by the views near ours.</summary>
internal sealed class Slots(ValidatorSet validators)
{
    /// <summary>How far a vote's view may lie from ours, either way.</summary>
    public const ulong ViewsNear = 8;

    private readonly SortedDictionary<(Height Height, View View), Slot> _slots = [];

    public Slot At(View view, Height height)
    {
        if (!_slots.TryGetValue((height, view), out var slot))
        {
            _slots[(height, view)] = slot = new(validators);
        }

        return slot;
    }

    public Slot? Find(View view, Height height) => _slots.GetValueOrDefault((height, view));

    /// <summary>All slots, ascending by height, then by view.</summary>
    public IEnumerable<Slot> All => _slots.Values;

    /// <summary>Drops what no vote can matter for any more.</summary>
    public void Forget(Height final, View view)
    {
        List<(Height Height, View View)> gone = [];
        foreach (var key in _slots.Keys)
        {
            if (key.Height <= final || key.View.Value + ViewsNear < view.Value)
            {
                gone.Add(key);
            }
        }

        foreach (var key in gone)
        {
            _slots.Remove(key);
        }
    }
}
