namespace Ledger.Simulation;

/// <summary>
/// Decides whether a history of a key-value store could have happened one operation at a time: Wing and
/// Gong's search (1993) with Lowe's pruning (2017), which remembers each pair of (what is done, state) and
/// never visits it twice. Keys are independent, so each is searched alone.
/// </summary>
public static class LinearizabilityChecker
{
    /// <returns>Null when the history is linearizable, otherwise a key whose operations have no such
    /// order.</returns>
    public static string? FindViolation(IEnumerable<HistoryEntry> history)
    {
        var keys = history.GroupBy(entry => entry.Key, StringComparer.Ordinal);
        foreach (var key in keys.OrderBy(key => key.Key, StringComparer.Ordinal))
        {
            if (!IsLinearizable([.. key]))
            {
                return key.Key;
            }
        }

        return null;
    }

    private static bool IsLinearizable(HistoryEntry[] operations)
    {
        var head = Events(operations);
        var done = new Done(operations.Length);
        HashSet<(Done, Register)> seen = [];
        Stack<(Event Call, Register Before)> chosen = new();
        var state = Register.Absent;
        for (var at = head.Next; head.Next is not null;)
        {
            if (at is { IsCall: true })
            {
                if (state.After(operations[at.Operation]) is { } after
                    && seen.Add((done.With(at.Operation), after)))
                {
                    chosen.Push((at, state));
                    done = done.With(at.Operation);
                    state = after;
                    Lift(at);
                    at = head.Next;
                }
                else
                {
                    at = at.Next;
                }
            }
            else if (at is null)
            {
                // Only operations without an answer are left: they need not have happened.
                return true;
            }
            else if (chosen.TryPop(out var last))
            {
                // A return with its call not yet placed: the last choice was wrong.
                (state, done) = (last.Before, done.Without(last.Call.Operation));
                Unlift(last.Call);
                at = last.Call.Next;
            }
            else
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// Calls and returns in the order of time, as a list that operations can be lifted out of.
    /// </summary>
    private static Event Events(HistoryEntry[] operations)
    {
        List<(long At, bool IsCall, Event Event)> all = [];
        for (var i = 0; i < operations.Length; i++)
        {
            var call = new Event(i, isCall: true);
            all.Add((operations[i].Invoked, true, call));
            if (operations[i].Returned is { } returned)
            {
                var answer = new Event(i, isCall: false) { Match = call };
                call.Match = answer;
                all.Add((returned, false, answer));
            }
        }

        // At one moment calls come first: what touches is taken to overlap.
        var head = new Event(-1, isCall: true);
        var last = head;
        foreach (var (_, _, next) in all.OrderBy(item => item.At).ThenBy(item => item.IsCall ? 0 : 1))
        {
            last.Next = next;
            next.Previous = last;
            last = next;
        }

        return head;
    }

    private static void Lift(Event call)
    {
        Remove(call);
        if (call.Match is { } answer)
        {
            Remove(answer);
        }
    }

    private static void Unlift(Event call)
    {
        if (call.Match is { } answer)
        {
            Restore(answer);
        }

        Restore(call);
    }

    private static void Remove(Event gone)
    {
        gone.Previous!.Next = gone.Next;
        if (gone.Next is { } next)
        {
            next.Previous = gone.Previous;
        }
    }

    private static void Restore(Event back)
    {
        back.Previous!.Next = back;
        if (back.Next is { } next)
        {
            next.Previous = back;
        }
    }

    private sealed class Event(int operation, bool isCall)
    {
        public int Operation { get; } = operation;

        public bool IsCall { get; } = isCall;

        public Event? Match { get; set; }

        public Event? Previous { get; set; }

        public Event? Next { get; set; }
    }

    /// <summary>
    /// A key's value and version; a version of null is that of a write whose answer nobody saw.
    /// </summary>
    private readonly record struct Register(string? Value, ulong? Version)
    {
        public static readonly Register Absent = new(null, 0);

        /// <returns>The state after the operation, or null when it cannot have happened in this
        /// one.</returns>
        public Register? After(HistoryEntry operation) => operation.Action switch
        {
            KeyAction.Get when operation.Returned is null => this,
            KeyAction.Get => Sees(operation) ? this : null,
            KeyAction.Put => operation.Applied == false ? this : new(operation.Value, operation.Version),
            _ => AfterCompareAndSet(operation),
        };

        private bool Sees(HistoryEntry operation)
            => operation.Seen == Value
                && (Version is null || operation.Version is null || Version == operation.Version);

        private Register? AfterCompareAndSet(HistoryEntry operation)
        {
            var fits = Version is null || Version == operation.Expected;
            var differs = Version is null || Version != operation.Expected;
            return operation.Applied switch
            {
                true => fits ? new Register(operation.Value, operation.Version) : null,
                false => differs ? this : null,
                null => fits ? new Register(operation.Value, null) : this,
            };
        }
    }

    /// <summary>Which operations are placed: compared by value.</summary>
    private sealed class Done : IEquatable<Done>
    {
        private readonly ulong[] _bits;

        public Done(int count) => _bits = new ulong[(count + 63) / 64];

        private Done(ulong[] bits) => _bits = bits;

        public Done With(int index) => Flip(index);

        public Done Without(int index) => Flip(index);

        public bool Equals(Done? other) => other is not null && _bits.AsSpan().SequenceEqual(other._bits);

        public override bool Equals(object? obj) => Equals(obj as Done);

        public override int GetHashCode()
        {
            var hash = 17UL;
            foreach (var word in _bits)
            {
                hash = (hash ^ word) * 0x100000001b3UL;
            }

            return (int)(hash ^ (hash >> 32));
        }

        private Done Flip(int index)
        {
            var bits = (ulong[])_bits.Clone();
            bits[index / 64] ^= 1UL << (index % 64);
            return new(bits);
        }
    }
}
