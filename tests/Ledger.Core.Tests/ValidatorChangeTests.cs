using Ledger.Crypto;

namespace Ledger.Core.Tests;

/// <summary>Who may change the validators, how, and what the headers say of it.</summary>
public sealed class ValidatorChangeTests
{
    private static readonly PublicKey Three = Chain.Key(3).PublicKey;
    private static readonly Operation Note = new Operation.Put("docs", "a", "1"u8.ToArray());

    [Fact]
    public void An_added_validator_certifies_from_the_next_block_on()
    {
        var chain = new Chain();
        Assert.Equal(FailureReason.None, chain.Try(Chain.Admin, Add("three", Three)));

        var header = chain.Machine.Head;
        Assert.Equal(chain.Genesis.Validators.Hash, header.ValidatorsHash);
        Assert.True(header.EndsEpoch);
        Assert.Equal(chain.Machine.Epoch.Validators.Hash, header.NextValidatorsHash);
        Assert.Equal(
            ["one", "two", "three"], chain.Machine.Epoch.Validators.Members.Select(member => member.Name));
        Assert.Equal(new(View.FirstOf(1), header.Height, chain.Machine.HeadHash), chain.Machine.Epoch.Start);

        Assert.Equal(FailureReason.None, chain.Try(Chain.Admin, Note));
        Assert.Equal(header.NextValidatorsHash, chain.Machine.Head.ValidatorsHash);
        Assert.False(chain.Machine.Head.EndsEpoch);
    }

    [Fact]
    public void A_seat_that_was_left_is_not_given_again()
    {
        var chain = new Chain();
        chain.Try(Chain.Admin, Add("three", Three));
        chain.Try(Chain.Admin, new Operation.RemoveValidator(Chain.Key(1).PublicKey));
        chain.Try(Chain.Admin, Add("one", Chain.Key(1).PublicKey));

        var validators = chain.Machine.Epoch.Validators;
        Assert.False(validators.Contains(new(0)));
        Assert.Equal(new ValidatorIndex(3), validators.IndexOf(Chain.Key(1).PublicKey));
        Assert.Equal([1, 2, 3], validators.Indices.Select(seat => seat.Value));
        Assert.Equal(3, validators.Quorums.ValidatorCount);
        Assert.Equal(3UL, chain.Machine.Epoch.Number);
    }

    [Fact]
    public void Several_changes_of_one_block_begin_one_epoch()
    {
        var chain = new Chain();
        chain.Apply(
            chain.Sign(Chain.Admin, Add("three", Three), Add("four", Chain.Key(4).PublicKey)),
            chain.Sign(Chain.Admin, new Operation.RemoveValidator(Chain.Key(2).PublicKey)));

        Assert.Equal(1UL, chain.Machine.Epoch.Number);
        Assert.Equal(
            ["one", "three", "four"], chain.Machine.Epoch.Validators.Members.Select(member => member.Name));
    }

    [Fact]
    public void Only_an_admin_changes_the_validators()
    {
        var chain = new Chain();
        Assert.Equal(FailureReason.NotPermitted, chain.Try(Chain.Alice, Add("three", Three)));
        Assert.Equal(
            FailureReason.NotPermitted,
            chain.Try(Chain.Alice, new Operation.RemoveValidator(Chain.Key(1).PublicKey)));
        Assert.False(chain.Machine.Head.EndsEpoch);
    }

    [Fact]
    public void What_makes_no_sense_is_refused_with_its_reason()
    {
        var chain = new Chain();
        Assert.Equal(FailureReason.ValidatorExists, chain.Try(Chain.Admin, Add("one", Three)));
        Assert.Equal(
            FailureReason.ValidatorExists, chain.Try(Chain.Admin, Add("uno", Chain.Key(1).PublicKey)));
        Assert.Equal(
            FailureReason.ValidatorUnknown, chain.Try(Chain.Admin, new Operation.RemoveValidator(Three)));
        Assert.Equal(
            FailureReason.None, chain.Try(
                Chain.Admin, new Operation.RemoveValidator(Chain.Key(1).PublicKey)));
        Assert.Equal(
            FailureReason.ValidatorUnknown, chain.Try(
                Chain.Admin, new Operation.RemoveValidator(Chain.Key(1).PublicKey)));
        Assert.Equal(
            FailureReason.LastValidator, chain.Try(
                Chain.Admin, new Operation.RemoveValidator(Chain.Key(2).PublicKey)));
    }

    [Fact]
    public void More_seats_than_the_limit_are_not_given()
    {
        var chain = new Chain();
        for (var given = 2; given < Limits.Validators;)
        {
            var some = Math.Min(Limits.TransactionOperations, Limits.Validators - given);
            Operation[] additions = [.. Enumerable.Range(given, some).Select(i => Add($"v{i}", KeyOf(i)))];
            Assert.Equal(FailureReason.None, chain.Try(Chain.Admin, additions));
            given += some;
        }

        Assert.Equal(FailureReason.TooManyValidators, chain.Try(Chain.Admin, Add("late", KeyOf(5000))));
    }

    [Fact]
    public void A_failed_transaction_leaves_the_validators_as_they_were()
    {
        var chain = new Chain();
        Assert.Equal(
            FailureReason.ValidatorUnknown,
            chain.Try(Chain.Admin, Add("three", Three), new Operation.RemoveValidator(KeyOf(9))));
        Assert.Equal(2, chain.Machine.Epoch.Validators.Count);
        Assert.False(chain.Machine.Head.EndsEpoch);
    }

    [Fact]
    public void A_block_that_names_other_validators_is_not_valid()
    {
        var chain = new Chain();
        var change = chain.Propose(chain.Machine.HeadHash, chain.Sign(Chain.Admin, Add("three", Three)));
        var silent = new Block(
            change.Header with { NextValidatorsHash = change.Header.ValidatorsHash }, change.Transactions);
        Assert.Equal(
            "the validators it names for the next block are not what execution gives",
            chain.Machine.Validate(silent, chain.Now, _ => true));

        chain.Machine.Finalise([change], []);
        var next = chain.Propose(change.Hash, chain.Sign(Chain.Admin, Note));
        var old = new Block(
            next.Header with { ValidatorsHash = change.Header.ValidatorsHash }, next.Transactions);
        Assert.Equal("it names other validators", chain.Machine.Validate(old, chain.Now, _ => true));
        var stranger = new Block(next.Header with { Proposer = new(3) }, next.Transactions);
        Assert.Equal(
            "its proposer is not a validator", chain.Machine.Validate(stranger, chain.Now, _ => true));
    }

    [Fact]
    public void A_machine_that_opens_again_is_in_the_same_epoch()
    {
        var chain = new Chain();
        chain.Try(Chain.Admin, Add("three", Three));
        chain.Try(Chain.Admin, Note);

        var again = new LedgerMachine(chain.Genesis, chain.Store);
        Assert.Equal(chain.Machine.Epoch.Number, again.Epoch.Number);
        Assert.Equal(chain.Machine.Epoch.Start, again.Epoch.Start);
        Assert.Equal(chain.Machine.Epoch.Validators.Hash, again.Epoch.Validators.Hash);
    }

    [Fact]
    public void The_history_tells_every_set_that_ever_was()
    {
        var chain = new Chain();
        chain.Try(Chain.Admin, Add("three", Three));
        chain.Try(Chain.Admin, new Operation.RemoveValidator(Chain.Key(1).PublicKey));
        var history = ValidatorHistory.Read(chain.Genesis, key => chain.Store.ReadState(key));

        Assert.Equal([new Height(1), new Height(2)], history.Changes);
        Assert.Equal(chain.Genesis.Validators.Hash, history.SetAt(new(1)).Hash);
        Assert.Equal(["one", "two", "three"], history.SetAt(new(2)).Members.Select(member => member.Name));
        Assert.Equal(["two", "three"], history.SetAt(new(3)).Members.Select(member => member.Name));
        Assert.Equal(new Height(2), history.RemovalOf(Chain.Key(1).PublicKey));
        Assert.Null(history.RemovalOf(Three));
        Assert.Equal(chain.Machine.Epoch.Validators.Hash, history.Current.Hash);
        Assert.Equal(
            history.Current.Hash,
            chain.Genesis.Validators.With(history.ChangesOf(1))!.With(history.ChangesOf(2))!.Hash);
    }

    [Theory]
    [InlineData("Three", "host:7000", false)]
    [InlineData("", "host:7000", false)]
    [InlineData("three", "host", false)]
    [InlineData("three", "host:0", false)]
    [InlineData("three", "host:70000", false)]
    [InlineData("three", ":7000", false)]
    [InlineData("three", "ho st:7000", false)]
    [InlineData("three", "[::1:7000", false)]
    [InlineData("three", "[::1]:7000", true)]
    [InlineData("three", "10.0.0.1:7000", true)]
    [InlineData("three", "three.example:7000", true)]
    public void A_newcomer_has_a_name_and_an_address(string name, string address, bool good)
    {
        var operation = new Operation.AddValidator(name, Three, address);
        var body = new TransactionBody("test", Three, new(1), 0, [operation]);
        Assert.Equal(good, TransactionRules.FaultIn(body, "test") is null);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_newcomer_has_a_key_that_somebody_can_sign_under(bool isWitness)
    {
        var operation = new Operation.AddValidator("three", new(new byte[32]), "host:7000", isWitness);
        var body = new TransactionBody("test", Three, new(1), 0, [operation]);
        Assert.Contains(
            "nobody can sign", TransactionRules.FaultIn(body, "test"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_encodings_of_the_operations_are_part_of_the_protocol()
    {
        var key = new PublicKey([.. Enumerable.Repeat((byte)0xab, PublicKey.Size)]);
        AssertEncodes(
            "9409a16e" + "c420" + key + "a5683a373030", new Operation.AddValidator("n", key, "h:700"));
        AssertEncodes(
            "9509a16e" + "c420" + key + "a5683a373030"
            + "c3", new Operation.AddValidator("n", key, "h:700", IsWitness: true));
        AssertEncodes("920ac420" + key, new Operation.RemoveValidator(key));
    }

    [Fact]
    public void That_a_newcomer_is_no_witness_is_said_in_one_way_only()
    {
        using var key = SigningKey.FromSeed(new byte[32]);
        var signed = Transaction.Sign(
            new("test", key.PublicKey, new(1), 0,
                [new Operation.AddValidator("n", Three, "h:700", IsWitness: true)]), key);
        var bytes = signed.Encoded.ToArray();
        var flag = bytes.AsSpan().IndexOf("h:700"u8) + 5;
        Assert.Equal(0xc3, bytes[flag]);
        bytes[flag] = 0xc2;
        Assert.False(Transaction.TryDecode(bytes, out _, out var fault));
        Assert.Contains("witness is left out where it is false", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void The_hash_of_a_changed_set_is_part_of_the_protocol()
    {
        var genesis = new ValidatorSet(
            [new("a", new([.. Enumerable.Repeat((byte)1, 32)])), new(
                "b", new([.. Enumerable.Repeat((byte)2, 32)]))],
            Quorums.Byzantine(2));
        byte[] encoded =
            [0x94, 0xa0, 0xc4, 0x00, 0xa1, (byte)'b', 0xc4, 0x20, .. Enumerable.Repeat((byte)2, 32)];
        Assert.Equal(
            Sha256.Hash("ledger/validators/v2"u8, encoded),
            genesis.With([new SeatChange(new(0), null)])!.Hash);
    }

    private static void AssertEncodes(string hex, Operation operation)
    {
        using var key = SigningKey.FromSeed(new byte[32]);
        var transaction = Transaction.Sign(new("test", key.PublicKey, new(1), 0, [operation]), key);
        Assert.Contains(hex, Convert.ToHexStringLower(transaction.Encoded.Span), StringComparison.Ordinal);
        Assert.True(Transaction.TryDecode(transaction.Encoded, out var decoded, out _));
        Assert.Equal(operation, decoded.Body.Operations[0]);
    }

    private static Operation.AddValidator Add(string name, PublicKey key) => new(name, key, "localhost:7000");

    private static PublicKey KeyOf(int number) => new(Sha256.Hash(BitConverter.GetBytes(number)).ToArray());
}
