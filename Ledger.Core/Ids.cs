using System.Globalization;

namespace Ledger.Core;

/// <summary>The position of a block in the chain; the genesis block stands at 0.</summary>
public readonly record struct Height(ulong Value) : IComparable<Height>
{
    public static readonly Height Genesis = new(0);

    public Height Next => new(checked(Value + 1));

    public Height Previous => new(checked(Value - 1));

    public int CompareTo(Height other) => Value.CompareTo(other.Value);

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);

    public static bool operator <(Height left, Height right) => left.Value < right.Value;

    public static bool operator >(Height left, Height right) => left.Value > right.Value;

    public static bool operator <=(Height left, Height right) => left.Value <= right.Value;

    public static bool operator >=(Height left, Height right) => left.Value >= right.Value;
}

/// <summary>A PBFT view; its primary is the validator at <c>view mod n</c> (OSDI '99 §4).</summary>
public readonly record struct View(ulong Value) : IComparable<View>
{
    public static readonly View Zero = new(0);

    /// <summary>
    /// The upper half of a view is its epoch's number: views of a later epoch outrank all of an earlier one,
    /// and no vote counts under two validator sets.
    /// </summary>
    private const int EpochBits = 32;

    public View Next => new(checked(Value + 1));

    public ulong Epoch => Value >> EpochBits;

    /// <summary>Which of its epoch's views it is, from 0.</summary>
    public ulong InEpoch => Value & ((1UL << EpochBits) - 1);

    /// <summary>The view that an epoch begins with; nobody needs to open it.</summary>
    public static View FirstOf(ulong epoch) => new(checked(epoch * (1UL << EpochBits)));

    public int CompareTo(View other) => Value.CompareTo(other.Value);

    /// <summary>
    /// As people count: a chain that never changed its validators has no epochs to speak of.
    /// </summary>
    public override string ToString() => Epoch == 0
        ? Value.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{InEpoch} of epoch {Epoch}");

    public static bool operator <(View left, View right) => left.Value < right.Value;

    public static bool operator >(View left, View right) => left.Value > right.Value;

    public static bool operator <=(View left, View right) => left.Value <= right.Value;

    public static bool operator >=(View left, View right) => left.Value >= right.Value;
}

/// <summary>
/// A validator's seat in its <see cref="ValidatorSet"/>, from 0: the same for as long as the chain lives.
/// </summary>
public readonly record struct ValidatorIndex(int Value) : IComparable<ValidatorIndex>
{
    /// <summary>Of who has no seat, not yet or not any more; it comes after all others.</summary>
    public static readonly ValidatorIndex None = new(ushort.MaxValue);

    public int CompareTo(ValidatorIndex other) => Value.CompareTo(other.Value);

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Milliseconds since 1970-01-01 UTC. The core is handed times; it never asks for one.</summary>
public readonly record struct Timestamp(long UnixMilliseconds) : IComparable<Timestamp>
{
    public int CompareTo(Timestamp other) => UnixMilliseconds.CompareTo(other.UnixMilliseconds);

    public Timestamp Plus(TimeSpan span) => new(checked(UnixMilliseconds + (long)span.TotalMilliseconds));

    public override string ToString() => UnixMilliseconds.ToString(CultureInfo.InvariantCulture);

    public static bool operator <(Timestamp left, Timestamp right)
        => left.UnixMilliseconds < right.UnixMilliseconds;

    public static bool operator >(Timestamp left, Timestamp right)
        => left.UnixMilliseconds > right.UnixMilliseconds;

    public static bool operator <=(Timestamp left, Timestamp right)
        => left.UnixMilliseconds <= right.UnixMilliseconds;

    public static bool operator >=(Timestamp left, Timestamp right)
        => left.UnixMilliseconds >= right.UnixMilliseconds;
}

/// <summary>A quantity of an asset in its smallest unit.</summary>
public readonly record struct Amount(ulong Value) : IComparable<Amount>
{
    public int CompareTo(Amount other) => Value.CompareTo(other.Value);

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
