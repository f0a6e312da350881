namespace Ledger.Simulation;

/// <summary>
/// What will happen, by virtual time, and in the order of writing among what happens at once.
/// </summary>
internal sealed class Agenda
{
    private readonly PriorityQueue<Action, (TimeSpan Due, ulong Order)> _queue = new(Sooner.First);
    private ulong _order;

    public TimeSpan Now { get; private set; }

    public int Count => _queue.Count;

    public void After(TimeSpan delay, Action happening) => _queue.Enqueue(happening, (Now + delay, ++_order));

    public void At(TimeSpan due, Action happening)
        => _queue.Enqueue(happening, (due > Now ? due : Now, ++_order));

    /// <summary>
    /// Moves the clock to what comes next and lets it happen. False when nothing is left before the end.
    /// </summary>
    public bool Next(TimeSpan end)
    {
        if (!_queue.TryPeek(out _, out var when) || when.Due > end)
        {
            Now = end > Now && end != TimeSpan.MaxValue ? end : Now;
            return false;
        }

        var happening = _queue.Dequeue();
        Now = when.Due;
        happening();
        return true;
    }

    private sealed class Sooner : IComparer<(TimeSpan Due, ulong Order)>
    {
        public static readonly Sooner First = new();

        public int Compare((TimeSpan Due, ulong Order) x, (TimeSpan Due, ulong Order) y)
        {
            var byTime = x.Due.CompareTo(y.Due);
            return byTime != 0 ? byTime : x.Order.CompareTo(y.Order);
        }
    }
}
