namespace Ledger.Tidy.Tests;

public sealed class CodeTextTests
{
    [Theory]
    [InlineData("a(); // lock (x)", "a();            ")]
    [InlineData("a(); /* lock */ b();", "a();            b();")]
    [InlineData("a(\"lock\", b);", "a(\"    \", b);")]
    [InlineData("a(\"\\\"lock\", b);", "a(\"      \", b);")]
    [InlineData("a(@\"x\\\", b);", "a(@\"  \", b);")]
    [InlineData("a(@\"x\"\"y\", b);", "a(@\"    \", b);")]
    [InlineData("a('\"', b);", "a(' ', b);")]
    [InlineData("a('\\'', b);", "a('  ', b);")]
    [InlineData("a(\"\", b);", "a(\"\", b);")]
    [InlineData("a(\"\"\"x \"y\" z\"\"\", b);", "a(\"\"\"       \"\"\", b);")]
    [InlineData("$\"x {b(\"y\")} z\" + c;", "$\"   b(\" \")   \" + c;")]
    [InlineData("$\"{{x}} {b}\" + c;", "$\"       b \" + c;")]
    [InlineData("@event();", "@event();")]
    public void Only_code_is_left_and_it_stays_in_its_place(string text, string code)
        => Assert.Equal(code, CodeText.Of(text));

    [Fact]
    public void A_line_stays_a_line()
        => Assert.Equal("a\n   \n\"\"\"\n \n\"\"\"", CodeText.Of("a\n//b\n\"\"\"\nc\n\"\"\""));

    [Fact]
    public void Every_file_of_the_product_is_read_to_its_end()
        => Fault.None(
            from file in SourceTree.CSharp
            where file.Code.Count(letter => letter == '{') != file.Code.Count(letter => letter == '}')
            select new Fault(file.Path, 1, "the braces do not balance: a string was misread"));
}
