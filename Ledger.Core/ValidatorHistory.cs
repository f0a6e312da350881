using Ledger.Crypto;
using MessagePack;

namespace Ledger.Core;

/// <summary>
/// Everyone who ever was a validator, and from when to when: all sets of a chain, past and present, and in
/// Raft who learns to be in the next. It is one entry of the state, absent while the set is still genesis's.
/// An immutable value.
/// </summary>
public sealed class ValidatorHistory
{
    private readonly ValidatorSet _genesis;
    private readonly Height[] _changes;
    private readonly Seat[] _seats;
    private readonly Lazy<ValidatorSet>[] _sets;

    private ValidatorHistory(ValidatorSet genesis, Height[] changes, Seat[] seats)
    {
        _genesis = genesis;
        _changes = changes;
        _seats = seats;
        _sets = [.. Enumerable.Range(0, changes.Length + 1)
            .Select(i => new Lazy<ValidatorSet>(() => Build((ulong)i)))];
    }

    /// <summary>The heights of the blocks that changed the set, ascending.</summary>
    public IReadOnlyList<Height> Changes => _changes;

    /// <summary>The number of the last epoch.</summary>
    public ulong Epoch => (ulong)_changes.Length;

    /// <summary>How many seats were ever given.</summary>
    public int Seats => _seats.Length;

    /// <summary>The set of the last epoch.</summary>
    public ValidatorSet Current => SetOf(Epoch);

    /// <summary>Raft: who has a seat, is sent everything and counts for nothing yet, ascending.</summary>
    public IReadOnlyList<ValidatorIndex> Learners => [.. SeatsWhere(seat => seat.Learns)];

    /// <summary>Everyone who has a seat now, those that learn too: whom a node connects to.</summary>
    public ValidatorSet Seated => Learners.Count == 0
        ? Current
        : _genesis.With(
            [.. _seats.Select(seat => seat.Learns || seat.CountsIn(Epoch) ? seat.Validator : null)]);

    public static ValidatorHistory Of(Genesis genesis) => new(
        genesis.Validators, [],
        [.. genesis.Validators.Members.Select(validator => new Seat(validator, 0, null))]);

    /// <summary>What the state says, at whatever moment the caller asks about.</summary>
    public static ValidatorHistory Read(Genesis genesis, Func<byte[], byte[]?> read)
        => read(StateKey.Validators) is { } entry ? Decode(genesis, entry) : Of(genesis);

    /// <summary>
    /// Reads what <see cref="Encode"/> wrote; the state is ours, so a fault is a broken invariant.
    /// </summary>
    public static ValidatorHistory Decode(Genesis genesis, byte[] entry)
    {
        var reader = new MessagePackReader(entry);
        var hasWitnesses = reader.ReadArrayHeader() == 3;
        var changes = new Height[reader.ReadArrayHeader()];
        for (var i = 0; i < changes.Length; i++)
        {
            changes[i] = Fields.ReadHeight(ref reader);
        }

        var seats = new Seat[Fields.ReadCount(
            ref reader, Limits.Validators * Seat.FieldCount, "seats") / Seat.FieldCount];
        for (var i = 0; i < seats.Length; i++)
        {
            seats[i] = Seat.Read(ref reader);
        }

        for (var left = hasWitnesses ? reader.ReadArrayHeader() : 0; left > 0; left--)
        {
            var seat = Fields.ReadValidator(ref reader).Value;
            if (seat >= seats.Length)
            {
                throw new MalformedException($"no seat {seat}");
            }

            seats[seat] = seats[seat] with { Validator = seats[seat].Validator with { IsWitness = true } };
        }

        return new(genesis.Validators, changes, seats);
    }

    public byte[] Encode()
        => Canonical.Encode(this, static (ref MessagePackWriter writer, ValidatorHistory history) =>
    {
        // Witnesses came later: without them the entry is what it was.
        ValidatorIndex[] witnesses = [.. history.SeatsWhere(seat => seat.Validator.IsWitness)];
        writer.WriteArrayHeader(witnesses.Length > 0 ? 3 : 2);
        writer.WriteArrayHeader(history._changes.Length);
        foreach (var height in history._changes)
        {
            writer.Write(height.Value);
        }

        writer.WriteArrayHeader(history._seats.Length * Seat.FieldCount);
        foreach (var seat in history._seats)
        {
            seat.Write(ref writer);
        }

        if (witnesses.Length > 0)
        {
            writer.WriteArrayHeader(witnesses.Length);
            foreach (var seat in witnesses)
            {
                writer.Write((ushort)seat.Value);
            }
        }
    });

    /// <summary>The epoch whose set certifies the block at this height.</summary>
    public ulong EpochAt(Height height) => (ulong)_changes.Count(change => change < height);

    public ValidatorSet SetAt(Height height) => SetOf(EpochAt(height));

    public ValidatorSet SetOf(ulong epoch) => _sets[epoch].Value;

    /// <summary>Who has or had this seat.</summary>
    public Validator? Find(ValidatorIndex seat)
        => seat.Value >= 0 && seat.Value < _seats.Length ? _seats[seat.Value].Validator : null;

    /// <summary>The seat that was given under this name last.</summary>
    public ValidatorIndex? FindByName(string name)
        => Array.FindLastIndex(_seats, seat => seat.Validator.Name == name) is >= 0 and var index
        ? new(index) : null;

    /// <summary>The seat that was given to this key last.</summary>
    public ValidatorIndex? FindByKey(PublicKey key)
        => Array.FindLastIndex(_seats, seat => seat.Validator.PublicKey == key) is >= 0 and var index
        ? new(index) : null;

    /// <summary>As whom this key was a validator last.</summary>
    public Validator? LastOf(PublicKey key)
        => Array.FindLast(_seats, seat => seat.Validator.PublicKey == key)?.Validator;

    /// <summary>The block that took this validator's last seat; null for who has one, or never had.</summary>
    public Height? RemovalOf(PublicKey key)
    {
        var last = Array.FindLast(_seats, seat => seat.Validator.PublicKey == key);
        return last?.Until is not { } until ? null
            : last.Since == Seat.Never ? new(until)
            : _changes[until - 1];
    }

    /// <summary>Whether who has this seat learns, and counts for nothing yet.</summary>
    public bool Learns(ValidatorIndex seat)
        => seat.Value >= 0 && seat.Value < _seats.Length && _seats[seat.Value].Learns;

    /// <summary>Whether who has or had this seat keeps no blocks.</summary>
    public bool IsWitness(ValidatorIndex seat) => Find(seat)?.IsWitness == true;

    /// <summary>
    /// The seats that an epoch's beginning gave or emptied: how its set differs from the one before.
    /// </summary>
    public IReadOnlyList<SeatChange> ChangesOf(ulong epoch)
    {
        var (before, after) = (SetOf(epoch - 1), SetOf(epoch));
        List<SeatChange> changes = [];
        for (var i = 0; i < after.Seats; i++)
        {
            ValidatorIndex seat = new(i);
            if (i >= before.Seats || before.Contains(seat) != after.Contains(seat))
            {
                changes.Add(new(seat, after.Contains(seat) ? after[seat] : null));
            }
        }

        return changes;
    }

    /// <summary>Gives the next seat to a newcomer, from the epoch on that this block begins.</summary>
    internal ValidatorHistory With(Validator newcomer, Height height)
    {
        var changes = ChangedAt(height);
        return new(_genesis, changes, [.. _seats, new(newcomer, (ulong)changes.Length, null)]);
    }

    /// <summary>Gives the next seat to a newcomer that learns: the set stays as it is.</summary>
    internal ValidatorHistory WithLearner(Validator newcomer)
        => new(_genesis, _changes, [.. _seats, new(newcomer, Seat.Never, null)]);

    /// <summary>A learner counts, from the epoch on that this block begins.</summary>
    internal ValidatorHistory Promoted(ValidatorIndex seat, Height height)
    {
        var changes = ChangedAt(height);
        return new(_genesis, changes, With(seat, held => held with { Since = (ulong)changes.Length }));
    }

    /// <summary>Empties a seat, from the epoch on that this block begins; a learner's at once.</summary>
    internal ValidatorHistory Without(ValidatorIndex seat, Height height)
    {
        if (Learns(seat))
        {
            return new(_genesis, _changes, With(seat, held => held with { Until = height.Value }));
        }

        var changes = ChangedAt(height);
        return new(_genesis, changes, With(seat, held => held with { Until = (ulong)changes.Length }));
    }

    /// <summary>Whether this block gave the seat its vote.</summary>
    internal bool CountsSince(ValidatorIndex seat, Height height)
        => _changes.Length > 0 && _changes[^1] == height && _seats[seat.Value].Since == Epoch;

    private Seat[] With(ValidatorIndex seat, Func<Seat, Seat> change)
    {
        Seat[] seats = [.. _seats];
        seats[seat.Value] = change(seats[seat.Value]);
        return seats;
    }

    private IEnumerable<ValidatorIndex> SeatsWhere(Func<Seat, bool> holds)
        => _seats.Index().Where(seat => holds(seat.Item)).Select(seat => new ValidatorIndex(seat.Index));

    /// <summary>Several changes in one block begin one epoch together.</summary>
    private Height[] ChangedAt(Height height)
        => _changes.Length > 0 && _changes[^1] == height ? _changes : [.. _changes, height];

    private ValidatorSet Build(ulong epoch)
    {
        if (epoch == 0)
        {
            return _genesis;
        }

        var given = Array.FindLastIndex(_seats, seat => seat.Since <= epoch) + 1;
        return _genesis.With(
            [.. _seats.Take(given).Select(seat => seat.CountsIn(epoch) ? seat.Validator : null)]);
    }

    /// <param name="Validator">Who has it, or had it.</param>
    /// <param name="Since">The first epoch in which it counts; <see cref="Never"/> for one that only
    /// learns.</param>
    /// <param name="Until">
    /// The first epoch in which it no longer does; of one that never counted, the block that took the seat.
    /// </param>
    private sealed record Seat(Validator Validator, ulong Since, ulong? Until)
    {
        public const int FieldCount = 5;

        public const ulong Never = ulong.MaxValue;

        public bool Learns => Since == Never && Until is null;

        public bool CountsIn(ulong epoch) => Since <= epoch && !(Until <= epoch);

        public void Write(ref MessagePackWriter writer)
        {
            writer.Write(Validator.Name);
            Fields.WriteKey(ref writer, Validator.PublicKey);
            writer.Write(Validator.Address);
            writer.Write(Since);

            // Nobody leaves before the first epoch, so 0 is free to mean that it is taken.
            writer.Write(Until ?? 0);
        }

        public static Seat Read(ref MessagePackReader reader)
        {
            Validator validator = new(
                reader.ReadString() ?? "", Fields.ReadKey(ref reader), reader.ReadString() ?? "");
            var (since, until) = (reader.ReadUInt64(), reader.ReadUInt64());
            return new(validator, since, until == 0 ? null : until);
        }
    }
}

/// <summary>A seat that was given to a validator, or emptied.</summary>
/// <param name="Validator">Null when it is empty from now on.</param>
public readonly record struct SeatChange(ValidatorIndex Seat, Validator? Validator);
