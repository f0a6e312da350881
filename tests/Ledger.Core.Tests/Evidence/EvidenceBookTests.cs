using Ledger.Crypto;

namespace Ledger.Core.Tests;

public sealed class EvidenceBookTests
{
    private static readonly TimeSpan Turn = EvidenceBook.Turn;

    private readonly Chain _chain = new();
    private readonly Liar _liar;
    private readonly Dictionary<string, byte[]> _state = [];

    public EvidenceBookTests() => _liar = new(_chain, Chain.Key(2));

    [Fact]
    public void A_proof_is_wanted_once_and_then_known()
    {
        var book = Book(self: 0);
        var evidence = _liar.VotesTwice(_liar.Commit(2));
        Assert.True(book.Wants(evidence, new(1)));
        book.Add(evidence, TimeSpan.Zero);
        Assert.False(book.Wants(evidence, new(1)));
        Assert.Equal([evidence], book.All);
    }

    [Fact]
    public void What_is_malformed_of_a_stranger_or_too_old_is_not_wanted()
    {
        var book = Book(self: 0);
        var stranger = new Liar(_chain, Chain.Key(9));
        var good = _liar.VotesTwice(_liar.Commit(2));
        Assert.False(book.Wants(stranger.VotesTwice(stranger.Commit(2)), new(1)));
        Assert.False(book.Wants(good with { First = good.Second }, new(1)));
        Assert.False(book.Wants(good, new(2 + Limits.EvidenceBlocks)));
        Assert.True(book.Wants(good, new(1 + Limits.EvidenceBlocks)));
    }

    [Fact]
    public void A_liars_page_is_bounded_and_what_lies_far_ahead_gives_way()
    {
        var book = Book(self: 0);
        for (ulong i = 0; i < EvidenceBook.PerValidatorMax; i++)
        {
            Assert.Null(book.Add(_liar.VotesTwice(_liar.Commit(1_000_000 + i)), TimeSpan.Zero));
        }

        Assert.False(book.Wants(_liar.VotesTwice(_liar.Commit(2_000_000)), new(1)));
        var real = _liar.VotesTwice(_liar.Commit(2));
        Assert.True(book.Wants(real, new(1)));
        Assert.Equal(new Height(1_000_000 + EvidenceBook.PerValidatorMax - 1),
            book.Add(real, TimeSpan.Zero)!.Offence.Height);
        Assert.Equal(EvidenceBook.PerValidatorMax, book.Count);
    }

    [Theory]
    [InlineData(1_000, 501, false)]
    [InlineData(1_000, 500, true)]
    [InlineData(2, 1, true)]
    [InlineData(1, 0, true)]
    [InlineData(0, 0, false)]
    public void What_is_held_gives_way_only_to_what_is_less_than_half_as_far_ahead(
        ulong heldAhead, ulong ahead, bool isWanted)
    {
        Height head = new(5_000);
        var book = Book(self: 0);
        for (ulong i = 0; i < EvidenceBook.PerValidatorMax; i++)
        {
            var height = head.Value + heldAhead - Math.Min(i, heldAhead);
            book.Add(_liar.VotesTwice(_liar.Commit(height)), TimeSpan.Zero);
        }

        for (ulong i = 1; book.Count < EvidenceBook.PerValidatorMax; i++)
        {
            book.Add(_liar.VotesTwice(_liar.Commit(head.Value - i)), TimeSpan.Zero);
        }

        var nearer = _liar.VotesTwice(_liar.Commit(head.Value + ahead, view: 1));

        Assert.Equal(isWanted, book.Wants(nearer, head));
    }

    [Fact]
    public void A_liar_that_comes_nearer_height_by_height_is_soon_left_unheard()
    {
        var book = Book(self: 0);
        var taken = 0;
        for (ulong height = 20_000; height > 1; height--)
        {
            var evidence = _liar.VotesTwice(_liar.Commit(height));
            if (book.Wants(evidence, new(1)))
            {
                book.Add(evidence, TimeSpan.Zero);
                taken++;
            }
        }

        Assert.InRange(taken, EvidenceBook.PerValidatorMax, 16 * EvidenceBook.PerValidatorMax);
    }

    [Fact]
    public void It_is_due_once_its_height_is_final_and_asked_for_again_only_later()
    {
        var book = Book(self: 0);
        var evidence = _liar.VotesTwice(_liar.Commit(2));
        book.Add(evidence, TimeSpan.Zero);
        Assert.Empty(book.Due(new(1), TimeSpan.Zero, Read));
        Assert.Equal([evidence], book.Due(new(2), TimeSpan.Zero, Read));
        Assert.Empty(book.Due(new(2), Turn, Read));
        Assert.Equal([evidence], book.Due(new(2), 2 * Turn, Read));
    }

    [Fact]
    public void Validators_report_in_turn_the_offender_last()
    {
        var book = Book(self: 1);
        book.Add(_liar.VotesTwice(_liar.Commit(2)), TimeSpan.Zero);
        Assert.Empty(book.Due(new(2), TimeSpan.Zero, Read));
        Assert.Single(book.Due(new(2), Turn, Read));
    }

    [Fact]
    public void One_proof_against_each_is_due_at_a_time()
    {
        var book = Book(self: 0);
        book.Add(_liar.VotesTwice(_liar.Commit(2)), TimeSpan.Zero);
        book.Add(_liar.VotesTwice(_liar.Commit(3)), TimeSpan.Zero);
        Assert.Single(book.Due(new(9), TimeSpan.Zero, Read));
    }

    [Fact]
    public void Who_has_an_offence_on_the_ledger_is_left_in_peace_for_a_while()
    {
        var book = Book(self: 0);
        book.Add(_liar.VotesTwice(_liar.Commit(2)), TimeSpan.Zero);
        Keep(StateKey.ForOffender(Chain.Key(2).PublicKey), new OffenderEntry(1, new(9)).Encode());
        Assert.Empty(book.Due(new(9), TimeSpan.Zero, Read));
        Assert.Empty(book.Due(new(8 + EvidenceBook.QuietBlocks), TimeSpan.Zero, Read));
        Assert.Single(book.Due(new(9 + EvidenceBook.QuietBlocks), TimeSpan.Zero, Read));
    }

    [Fact]
    public void What_the_ledger_has_or_can_no_longer_take_is_let_go()
    {
        var book = Book(self: 0);
        var recorded = _liar.VotesTwice(_liar.Commit(2));
        var waiting = _liar.VotesTwice(_liar.Commit(3));
        book.Add(recorded, TimeSpan.Zero);
        book.Add(waiting, TimeSpan.Zero);
        Assert.Empty(book.Settle(new(9), Read));
        Keep(StateKey.ForOffence(recorded.Offence), [1]);
        Assert.Equal([recorded], book.Settle(new(9), Read));
        Assert.Equal([waiting], book.Settle(new(3 + Limits.EvidenceBlocks), Read));
        Assert.Equal(0, book.Count);
    }

    private EvidenceBook Book(int self) => new(_chain.Genesis.Validators, new(self));

    private byte[]? Read(byte[] key) => _state.GetValueOrDefault(Convert.ToHexString(key));

    private void Keep(byte[] key, byte[] value) => _state[Convert.ToHexString(key)] = value;
}
