using System.Globalization;
using Ledger.Core;

namespace Ledger.Consensus.Raft;

/// <summary>
/// A reign: at most one leader has it (Raft §5.1). Where both modes meet, it takes a view's place.
/// </summary>
public readonly record struct Term(ulong Value) : IComparable<Term>
{
    public static readonly Term Zero = new(0);

    public Term Next => new(checked(Value + 1));

    public View AsView => new(Value);

    public int CompareTo(Term other) => Value.CompareTo(other.Value);

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);

    public static bool operator <(Term left, Term right) => left.Value < right.Value;

    public static bool operator >(Term left, Term right) => left.Value > right.Value;

    public static bool operator <=(Term left, Term right) => left.Value <= right.Value;

    public static bool operator >=(Term left, Term right) => left.Value >= right.Value;
}

/// <summary>The position of an entry in the log; what stands before the first is 0.</summary>
public readonly record struct LogIndex(ulong Value) : IComparable<LogIndex>
{
    public static readonly LogIndex Zero = new(0);

    public LogIndex Next => new(checked(Value + 1));

    public LogIndex Previous => new(checked(Value - 1));

    public int CompareTo(LogIndex other) => Value.CompareTo(other.Value);

    public static LogIndex Min(LogIndex left, LogIndex right) => left < right ? left : right;

    public static LogIndex Max(LogIndex left, LogIndex right) => left > right ? left : right;

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);

    public static bool operator <(LogIndex left, LogIndex right) => left.Value < right.Value;

    public static bool operator >(LogIndex left, LogIndex right) => left.Value > right.Value;

    public static bool operator <=(LogIndex left, LogIndex right) => left.Value <= right.Value;

    public static bool operator >=(LogIndex left, LogIndex right) => left.Value >= right.Value;
}
