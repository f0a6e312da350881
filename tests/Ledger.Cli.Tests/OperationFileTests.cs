using System.Text;
using Ledger.Cli.Submit;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Cli.Tests;

/// <summary>
/// Files of operations: each line is read as it says, or refused by its number and in words.
/// </summary>
public sealed class OperationFileTests : IDisposable
{
    private const string Address = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_operation_has_a_line()
    {
        Assert.True(PublicKey.TryParse(Address, out var account));
        Assert.Equal(
            new Operation.Delete("n", "k", 3),
            Parse("""{"op":"delete","namespace":"n","key":"k","expectedVersion":3}"""));
        Assert.Equal(
            new Operation.DefineAsset("gold", 2),
            Parse("""{"op":"define-asset","asset":"gold","decimals":2}"""));
        Assert.Equal(new Operation.Issue("gold", account, new(5)), Parse(Money("issue", 5)));
        Assert.Equal(
            new Operation.Transfer("gold", account, new(ulong.MaxValue)),
            Parse(Money("transfer", ulong.MaxValue)));
        Assert.Equal(
            new Operation.Burn("gold", new(1)), Parse("""{"op":"burn","asset":"gold","amount":1}"""));
        Assert.Equal(new Operation.Grant(account, Role.Writer, "n"), Parse(RoleLine("grant", "writer")));
        Assert.Equal(new Operation.Revoke(account, Role.Reader, "n"), Parse(RoleLine("revoke", "reader")));
        var put = Assert.IsType<Operation.Put>(
            Parse("""{"op":"put","namespace":"n","key":"k","value":"ü"}"""));
        Assert.Equal("ü"u8.ToArray(), put.Value.ToArray());
        put = Assert.IsType<Operation.Put>(
            Parse("""{"op":"put","namespace":"n","key":"k","valueBase64":"AAE="}"""));
        Assert.Equal([0, 1], put.Value.ToArray());
    }

    [Theory]
    [InlineData("nonsense", "it is not JSON")]
    [InlineData("[]", "it is not JSON")]
    [InlineData("null", "it is no JSON object")]
    [InlineData("{}", "op is missing")]
    [InlineData("""{"op":"steal"}""", "op 'steal' is no operation")]
    [InlineData("""{"op":"put","namespace":"n","key":"k"}""", "value or valueBase64 is missing")]
    [InlineData(
        """{"op":"put","namespace":"n","key":"k","value":"","valueBase64":""}""", "exclude each other")]
    [InlineData("""{"op":"put","namespace":"n","key":"k","valeu":"v"}""", "valeu is not a field")]
    [InlineData(
        """{"op":"put","namespace":"n","key":7,"value":"v"}""", "key is not a field of an operation, or has")]
    [InlineData("""{"op":"burn","asset":"gold","amount":"1"}""", "amount is not")]
    [InlineData("""{"op":"burn","asset":"gold","amount":-1}""", "amount is not")]
    [InlineData("""{"op":"burn","asset":"gold","amount":1.5}""", "amount is not")]
    [InlineData("""{"op":"burn","asset":"gold"}""", "amount is missing")]
    [InlineData("""{"op":"issue","asset":"gold","to":"me","amount":1}""", "to is not an address")]
    [InlineData("""{"op":"grant","account":"x","role":"king"}""", "account is not an address")]
    public void A_line_that_is_none_says_why(string line, string why)
    {
        var (operation, fault) = OperationLine.Parse(Encoding.UTF8.GetBytes(line));

        Assert.Null(operation);
        Assert.Contains(why, fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Numbers_are_those_of_an_editor_and_blank_lines_count()
    {
        var path = _folder.Write("a.jsonl", "\n" + Delete("a") + "\r\n \t\n" + Delete("b"));

        var read = await ReadAsync(path, OperationFormat.Jsonl);

        Assert.Equal([2L, 4L], read.Select(line => line.Number));
        Assert.All(read, line => Assert.Null(line.Fault));
        Assert.Equal(new FileInfo(path).Length, read[^1].EndOffset);
    }

    [Fact]
    public async Task A_line_beyond_all_limits_is_one_bad_line_and_the_next_is_read()
    {
        var path = _folder.Write(
            "a.jsonl", Delete("a") + "\n" + new string('x', 3_000_000) + "\n" + Delete("b") + "\n");

        var read = await ReadAsync(path, OperationFormat.Jsonl);

        Assert.Equal([1L, 2L, 3L], read.Select(line => line.Number));
        Assert.Equal([false, true, false], read.Select(line => line.Fault is not null));
        Assert.Contains("longer than", read[1].Fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lines_that_cross_every_boundary_of_the_reader_come_out_whole()
    {
        var lines = Enumerable.Range(0, 4000).Select(i => Delete(new string('k', (i % 90) + 1))).ToArray();
        var path = _folder.Write("a.jsonl", string.Join('\n', lines));

        var read = await ReadAsync(path, OperationFormat.Jsonl);

        Assert.Equal(lines.Length, read.Count);
        Assert.Equal(
            lines.Select(line => line.Length), read.Select(
                line => Delete(((Operation.Delete)line.Operation!).Key).Length));
    }

    [Fact]
    public async Task What_no_chain_would_take_needs_no_node_to_say_so()
    {
        var read = await ReadAsync(_folder.Write("a.jsonl", Delete("")), OperationFormat.Jsonl);

        Assert.NotNull(Assert.Single(read).Fault);
    }

    [Fact]
    public async Task Binary_entries_are_counted_and_a_torn_last_one_is_told()
    {
        byte[] bytes = [.. Entry("a"), 0, 0, 0, 1, 0xc0, .. Entry("b"), .. Entry("c").AsSpan(0, 6)];
        await File.WriteAllBytesAsync(_folder.Sub("a.bin"), bytes, TestContext.Current.CancellationToken);

        var read = await ReadAsync(_folder.Sub("a.bin"), OperationFormat.Binary);

        Assert.Equal([1L, 2L, 3L, 4L], read.Select(entry => entry.Number));
        Assert.Equal(
            ["a", null, "b", null], read.Select(entry => (entry.Operation as Operation.Delete)?.Key));
        Assert.Equal("the file ends in the middle of it", read[3].Fault);
    }

    [Fact]
    public async Task A_binary_entry_of_impossible_length_allocates_nothing_like_it()
    {
        byte[] bytes = [0xff, 0xff, 0xff, 0xff, .. new byte[3_000_000]];
        await File.WriteAllBytesAsync(_folder.Sub("a.bin"), bytes, TestContext.Current.CancellationToken);

        var read = await ReadAsync(_folder.Sub("a.bin"), OperationFormat.Binary);

        Assert.NotNull(Assert.Single(read).Fault);
    }

    private static byte[] Entry(string key)
    {
        // By hand, so that a change of the encoding is seen here: [2, namespace, key].
        byte[] operation = [0x93, 2, 0xa1, (byte)'n', 0xa1, (byte)key[0]];
        return [0, 0, 0, (byte)operation.Length, .. operation];
    }

    private static async Task<List<NumberedOperation>> ReadAsync(string path, OperationFormat format)
    {
        List<NumberedOperation> read = [];
        await foreach (var entry in new OperationFile(path, format).ReadAsync(
            TestContext.Current.CancellationToken))
        {
            read.Add(entry);
        }

        return read;
    }

    private static Operation Parse(string line)
    {
        var (operation, fault) = OperationLine.Parse(Encoding.UTF8.GetBytes(line));
        Assert.Null(fault);
        return operation!;
    }

    private static string Delete(string key) => $$"""{"op":"delete","namespace":"n","key":"{{key}}"}""";

    private static string Money(string op, ulong amount)
        => $$"""{"op":"{{op}}","asset":"gold","to":"{{Address}}","amount":{{amount}}}""";

    private static string RoleLine(string op, string role)
        => $$"""{"op":"{{op}}","account":"{{Address}}","role":"{{role}}","namespace":"n"}""";
}
