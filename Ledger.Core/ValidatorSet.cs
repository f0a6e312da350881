using Ledger.Crypto;
using MessagePack;

namespace Ledger.Core;

/// <summary>One member of the set that orders blocks.</summary>
/// <param name="Name">For people: 1 to 64 characters, unique in its set.</param>
/// <param name="PublicKey">For everything else.</param>
/// <param name="Address">Where its peers reach it, as host:port; empty for those of genesis, whose addresses
/// each node configures.</param>
/// <param name="IsWitness">Raft: it votes and keeps no blocks. Its signature counts as any other's.</param>
public sealed record Validator(string Name, PublicKey PublicKey, string Address = "", bool IsWitness = false)
{
    /// <returns>Null when somebody can sign under the key, otherwise what is wrong, in words.</returns>
    public static string? FaultIn(in PublicKey key) => key.IsWeak
        ? "a validator's key is a point in its one encoding and not of small order; nobody can sign under "
            + "this one"
        : null;
}

/// <summary>
/// Who certifies blocks, and their thresholds. Each validator has a seat, its index, for as long as the chain
/// lives: a seat that was left stays empty, so that an index means one key for ever.
/// </summary>
public sealed class ValidatorSet
{
    private readonly Validator?[] _seats;
    private readonly ValidatorIndex[] _taken;

    /// <summary>The set of a genesis: every seat is taken.</summary>
    public ValidatorSet(IReadOnlyList<Validator> members, Quorums quorums)
        : this([.. members], quorums, HashOfGenesis(members))
    {
    }

    private ValidatorSet(Validator?[] seats, Quorums quorums, Digest hash)
    {
        _seats = seats;
        _taken = [.. Enumerable.Range(0, seats.Length).Where(i => seats[i] is not null)
            .Select(i => new ValidatorIndex(i))];
        if (_taken.Length != quorums.ValidatorCount)
        {
            throw new ArgumentException(
                "The thresholds are for another number of validators.", nameof(quorums));
        }

        Quorums = quorums;
        Hash = hash;
        Members = [.. _seats.OfType<Validator>()];
    }

    public Quorums Quorums { get; }

    /// <summary>How many validators there are.</summary>
    public int Count => _taken.Length;

    /// <summary>How many seats were ever given.</summary>
    public int Seats => _seats.Length;

    /// <summary>What a header names as the set that certifies it.</summary>
    public Digest Hash { get; }

    /// <summary>In the order of their seats.</summary>
    public IReadOnlyList<Validator> Members { get; }

    /// <summary>The seats of the members, ascending.</summary>
    public IReadOnlyList<ValidatorIndex> Indices => _taken;

    public Validator this[ValidatorIndex index]
        => _seats[index.Value]
        ?? throw new ArgumentOutOfRangeException(nameof(index), $"Seat {index} is empty.");

    /// <summary>
    /// primary(view) = validators[view mod n] (OSDI '99 §4), the view counted from its epoch's first.
    /// </summary>
    public ValidatorIndex PrimaryOf(View view) => _taken[(int)(view.InEpoch % (ulong)_taken.Length)];

    public bool Contains(ValidatorIndex index)
        => index.Value >= 0 && index.Value < _seats.Length && _seats[index.Value] is not null;

    public ValidatorIndex? IndexOf(PublicKey key)
    {
        var position = Array.FindIndex(_seats, member => member?.PublicKey == key);
        return position < 0 ? null : new(position);
    }

    /// <summary>A set that changes have led to.</summary>
    /// <param name="seats">All that were ever given; null where one was left. One at least is taken.</param>
    /// <returns>With thresholds of the same kind as this set's.</returns>
    public ValidatorSet With(IReadOnlyList<Validator?> seats)
        => new([.. seats], Quorums.For(seats.Count(seat => seat is not null)), HashOfChanged(seats));

    /// <summary>This set with some seats given and some emptied.</summary>
    /// <returns>
    /// Null when that is no change that this set can have: a seat out of its turn, held already, or left
    /// already. One that is empty may be given: in Raft, one who learned may take it after one who came
    /// later.
    /// </returns>
    public ValidatorSet? With(IReadOnlyList<SeatChange> differences)
    {
        List<Validator?> seats = [.. _seats];
        var last = -1;
        foreach (var (seat, validator) in differences)
        {
            var isNext = seat.Value == seats.Count;
            var changes = seat.Value < seats.Count && (seats[seat.Value] is null) != (validator is null);
            if (seat.Value <= last || !(isNext || changes))
            {
                return null;
            }

            last = seat.Value;
            if (isNext)
            {
                seats.Add(validator);
            }
            else
            {
                seats[seat.Value] = validator;
            }
        }

        return differences.Count > 0 && seats.Exists(seat => seat is not null) ? With(seats) : null;
    }

    /// <summary>The genesis's own hash binds the names.</summary>
    private static Digest HashOfGenesis(IReadOnlyList<Validator> members)
    {
        var domain = "ledger/validators/v1"u8;
        var bytes = new byte[domain.Length + (members.Count * PublicKey.Size)];
        domain.CopyTo(bytes);
        for (var i = 0; i < members.Count; i++)
        {
            members[i].PublicKey.CopyTo(bytes.AsSpan(domain.Length + (i * PublicKey.Size)));
        }

        return Sha256.Hash(bytes);
    }

    private static Digest HashOfChanged(IReadOnlyList<Validator?> seats)
        => Sha256.Hash("ledger/validators/v2"u8, Canonical.Encode(seats, WriteSeats));

    private static void WriteSeats(ref MessagePackWriter writer, IReadOnlyList<Validator?> seats)
    {
        writer.WriteArrayHeader(2 * seats.Count);
        foreach (var seat in seats)
        {
            writer.Write(seat?.Name ?? "");
            if (seat is null)
            {
                writer.WriteBinHeader(0);
            }
            else
            {
                Fields.WriteKey(ref writer, seat.PublicKey);
            }
        }
    }
}
